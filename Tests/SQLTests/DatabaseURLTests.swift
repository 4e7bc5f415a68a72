import Testing

@testable import SQL

@Suite("which database")
struct DatabaseURLTests {
    @Test(
        "a path after sqlite: is a file",
        arguments: [
            ("sqlite:data/stays.sqlite", "data/stays.sqlite", "data"),
            ("sqlite:/srv/stays.sqlite", "/srv/stays.sqlite", "/srv"),
            ("sqlite:/stays.sqlite", "/stays.sqlite", "/"),
            ("sqlite:stays.sqlite", "stays.sqlite", "."),
            ("sqlite:../a b/é.db", "../a b/é.db", "../a b"),
        ]
    )
    func good(text: String, path: String, directory: String) throws {
        let url = try DatabaseURL(text)
        guard case .sqlite(let location) = url.location else {
            Issue.record("\(url) is another kind of database")
            return
        }
        #expect(location.path == path)
        #expect(location.directory == directory)
        #expect(url.description == text)
        #expect(url == DatabaseURL(location))
    }

    @Test(
        "what workers could not share, or is no plain path, is refused with a way to write it",
        arguments: [
            "", "sqlite", "sqlite:", "sqlite: ", "sqlite::memory:", "sqlite:file::memory:", "sqlite:file:x.db",
            "sqlite:data/", "sqlite://x.db", "sqlite:///x.db", "sqlite:x.db?mode=memory", "sqlite:x.db#y",
            "sqlite:x\0.db", "SQLITE:x.db", " sqlite:x.db",
        ]
    )
    func bad(text: String) {
        let error = #expect(throws: InvalidDatabaseURL.self) { try DatabaseURL(text) }
        #expect(error?.description.hasSuffix("such as sqlite:data/service.sqlite") == true)
    }

    @Test("a URL of libpq is PostgreSQL's, and goes on to it as it is; what is shown of it has no password")
    func postgreSQL() throws {
        let urls = [
            ("postgres://localhost/stays", "postgres://localhost/stays"),
            (
                "postgresql://app@a:5432,b:5433/stays?sslmode=verify-full",
                "postgresql://app@a:5432,b:5433/stays?sslmode=verify-full"
            ),
            ("postgres://app:s%40cret@db/app", "postgres://app:<redacted>@db/app"),
            (
                "postgres://app@/app?host=/run&password=secret&sslmode=require",
                "postgres://app@/app?host=/run&password=<redacted>&sslmode=require"
            ),
            (
                "postgres://app:secret@db/app?sslpassword=secret",
                "postgres://app:<redacted>@db/app?sslpassword=<redacted>"
            ),
        ]
        for (text, shown) in urls {
            let url = try DatabaseURL(text)
            guard case .postgreSQL(let location) = url.location else {
                Issue.record("\(url) is another kind of database")
                return
            }
            #expect(location.secretURL == text)
            #expect("\(url)" == shown)
            #expect("\(location)" == shown)
        }
    }

    @Test(
        "what libpq would misread is refused, without the password",
        arguments: [
            "postgres:stays", "postgresql:/stays", "postgres://app:secret@a@db/app", "postgres://app:secret/x@db/app",
            "postgres://app:secret%4@db/app", "postgres://app:secret%zz@db/app", "postgres://app:secret @db/app",
            "postgres://app:secret\n@db/app",
        ]
    )
    func badPostgreSQL(text: String) {
        let error = #expect(throws: InvalidDatabaseURL.self) { try DatabaseURL(text) }
        #expect(error?.description.contains("postgres://user:password@host:5432/database") == true)
        #expect(error?.description.contains("secret") == false)
        #expect(!DatabaseURL.redacted(text).contains("secret"))
    }

    @Test("a database for which there is no driver is refused by name, without the password in its URL")
    func unknownScheme() {
        let other = #expect(throws: InvalidDatabaseURL.self) { try DatabaseURL("mysql://app:secret@db/app") }
        #expect(other?.description.contains("mysql") == true)
        #expect(other?.description.contains("secret") == false)
    }
}
