import FoundationEssentials
import Stays
import Testing
import Values

@testable import SQLiteStore

@Suite("a database that is missing, moved, read-only, damaged or foreign")
struct BrokenDatabaseTests {
    private let id = RoomID("101")!

    @Test("a store opened before its database exists says what to do, and answers once it exists")
    func missing() throws {
        let database = try TemporaryDatabase(migrated: false)
        let store = SQLiteStore(database.location)
        let expected = StoreError.unprepared("there is no database at \(database.location.path)")
        #expect(expected.description.hasSuffix("run `App migrate`"))
        #expect(throws: expected) { try store.rooms() }
        #expect(store.readiness() == .unready(expected))
        // Serving never makes a file that the release phase would then take for a database.
        #expect(!FileManager.default.fileExists(atPath: database.location.path))

        _ = try SQLiteMigrator(database.location).migrate()
        #expect(store.readiness() == .ready)
        #expect(try store.rooms().isEmpty)
    }

    @Test("a database without this release's schema is not served")
    func unmigrated() throws {
        let database = try TemporaryDatabase(migrated: false)
        _ = try SQLiteMigrator(database.location, migrations: []).migrate()
        let store = SQLiteStore(database.location)
        guard case .unready(let error) = store.readiness() else {
            Issue.record("an empty database is not ready")
            return
        }
        #expect(
            error.description.contains("has schema 0, this release needs \(Migration.all.count); run `App migrate`")
        )
        _ = try SQLiteMigrator(database.location).migrate()
        #expect(store.readiness() == .ready)
    }

    @Test("a database put in another's place is found by the next write, which is not lost")
    func replaced() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        try store.add(SampleHotel.rooms)
        try FileManager.default.removeItem(atPath: database.directory)
        #expect(throws: StoreError.self) { try store.add(SampleHotel.rooms) }

        _ = try SQLiteMigrator(database.location).migrate()
        #expect(try store.add(SampleHotel.rooms) == SampleHotel.rooms.count)
        #expect(try database.store().rooms() == SampleHotel.rooms)
    }

    @Test("readiness tells that the database is gone while it is open")
    func goneWhileOpen() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        #expect(store.readiness() == .ready)
        try FileManager.default.removeItem(atPath: database.directory)
        #expect(store.readiness() != .ready)
    }

    @Test("a file that is no database is called damaged, and is left as it is")
    func noDatabase() throws {
        let database = try TemporaryDatabase()
        let text = String(repeating: "This is a letter, not a database. ", count: 100)
        try text.write(toFile: database.location.path, atomically: true, encoding: .utf8)
        guard case .unready(let error) = SQLiteStore(database.location).readiness() else {
            Issue.record("a letter is no database")
            return
        }
        #expect(error.description.contains("damaged"))
        #expect(throws: StoreError.self) { try SQLiteMigrator(database.location).migrate() }
        #expect(try String(contentsOfFile: database.location.path, encoding: .utf8) == text)
    }

    @Test("a database of another program is neither served nor migrated")
    func foreign() throws {
        let database = try TemporaryDatabase(migrated: false)
        try Directory.create(database.location.directory)
        try database.connect(.migrating).execute("CREATE TABLE wine (year INTEGER)")
        let refusal = #expect(throws: StoreError.self) { try SQLiteMigrator(database.location).migrate() }
        #expect(refusal?.description.contains("belongs to another program") == true)
        #expect(SQLiteStore(database.location).readiness() != .ready)
        #expect(try database.text("SELECT group_concat(name) FROM sqlite_schema") == "wine")
        #expect(try database.text("PRAGMA journal_mode") == "delete")
    }

    @Test("what no release wrote is called damage, not shown to anyone")
    func brokenRow() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        try store.add(SampleHotel.rooms)
        try database.connect().execute("UPDATE room SET name = '' WHERE id = '101'")
        #expect(throws: StoreError.corrupted("column name holds what no release wrote")) { try store.room(id) }
        #expect(try store.room(#require(RoomID("102"))) != nil)
    }

    @Test("a database that was put back without its write-ahead log gets it again")
    func restored() throws {
        let database = try TemporaryDatabase()
        try database.connect().execute("PRAGMA journal_mode = DELETE")
        #expect(try database.text("PRAGMA journal_mode") == "delete")
        _ = try database.store()
        #expect(try database.text("PRAGMA journal_mode") == "wal")
    }

    @Test("a connection that may only read is replaced by one that may write, and the write is kept")
    func readOnlyConnection() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        try store.add(SampleHotel.rooms.dropLast())
        // The same result code as from a file that could not be written when it was opened.
        try store.openSession().connection.execute("PRAGMA query_only = ON")
        #expect(try store.rooms().count == SampleHotel.rooms.count - 1)
        #expect(try store.add(SampleHotel.rooms) == 1)
        #expect(try store.rooms() == SampleHotel.rooms)
    }

    @Test("a full disk refuses the write, keeps what was written, and is forgotten once there is room")
    func full() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        try store.add(SampleHotel.rooms)
        // SQLite's own limit stands in for the disk's: the same result code, on this connection alone.
        let rooms = (0..<500).compactMap { number in
            RoomID("r\(number)").flatMap {
                Room(
                    id: $0,
                    name: String(repeating: "n", count: 80),
                    capacity: 1,
                    pricePerNight: Money(minorUnits: 1, currency: .euro)
                )
            }
        }
        try store.openSession().connection.execute("PRAGMA max_page_count = 20")
        let refusal = #expect(throws: StoreError.self) { try store.add(rooms) }
        guard case .full = refusal else {
            Issue.record("\(String(describing: refusal)) is no full disk")
            return
        }
        #expect(try store.rooms() == SampleHotel.rooms)
        try store.openSession().connection.execute("PRAGMA max_page_count = 1000000")
        #expect(try store.add(rooms) == 500)
    }
}
