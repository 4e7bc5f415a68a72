import SQLiteStore
import Testing

@Suite("where a database lies")
struct LocationTests {
    @Test(
        "a path after sqlite: is a location",
        arguments: [
            ("sqlite:data/stays.sqlite", "data/stays.sqlite", "data"),
            ("sqlite:/srv/stays.sqlite", "/srv/stays.sqlite", "/srv"),
            ("sqlite:/stays.sqlite", "/stays.sqlite", "/"),
            ("sqlite:stays.sqlite", "stays.sqlite", "."),
            ("sqlite:../a b/é.db", "../a b/é.db", "../a b"),
        ]
    )
    func good(url: String, path: String, directory: String) throws {
        let location = try SQLiteLocation(url)
        #expect(location.path == path)
        #expect(location.directory == directory)
        #expect(location.description == url)
    }

    @Test(
        "what workers could not share, or is no plain path, is refused with a way to write it",
        arguments: [
            "", "sqlite", "sqlite:", "sqlite::memory:", "sqlite:file::memory:", "sqlite:file:x.db", "sqlite:data/",
            "sqlite://x.db", "sqlite:///x.db", "sqlite:x.db?mode=memory", "sqlite:x.db#y", "sqlite:x\0.db",
            "postgres://localhost/stays", "SQLITE:x.db", " sqlite:x.db",
        ]
    )
    func bad(url: String) {
        let error = #expect(throws: InvalidSQLiteLocation.self) { try SQLiteLocation(url) }
        #expect(error?.description.hasSuffix("such as sqlite:data/stays.sqlite") == true)
    }
}
