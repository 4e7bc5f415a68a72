import SQL
import Testing

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
            "sqlite:x\0.db", "postgres://localhost/stays", "SQLITE:x.db", " sqlite:x.db",
        ]
    )
    func bad(text: String) {
        let error = #expect(throws: InvalidDatabaseURL.self) { try DatabaseURL(text) }
        #expect(error?.description.hasSuffix("such as sqlite:data/service.sqlite") == true)
    }

    @Test("a database for which there is no driver is refused by name, without the password in its URL")
    func unknownScheme() {
        let postgres = #expect(throws: InvalidDatabaseURL.self) { try DatabaseURL("postgres://app:secret@db/app") }
        #expect(postgres?.description.contains("PostgreSQL") == true)
        #expect(postgres?.description.contains("secret") == false)
        let other = #expect(throws: InvalidDatabaseURL.self) { try DatabaseURL("mysql://app:secret@db/app") }
        #expect(other?.description.contains("mysql") == true)
        #expect(other?.description.contains("secret") == false)
    }
}
