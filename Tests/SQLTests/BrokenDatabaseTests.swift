import FoundationEssentials
import Glibc
import TestDatabases
import Testing

@testable import SQL

@Suite("a database that is missing, moved, read-only, damaged or foreign")
struct BrokenDatabaseTests {
    @Test("one that is asked before it exists says what to do, and answers once it exists")
    func missing() throws {
        let file = try TemporaryDatabase(migrated: false)
        let database = Database(file.url, migrations: file.migrations)
        let expected = DatabaseError.unprepared("there is no database at \(file.path)")
        #expect(expected.description.hasSuffix("run the `migrate` command"))
        #expect(throws: expected) { try database.notes() }
        #expect(database.readiness() == .unready(expected))
        // Serving never makes a file that the release phase would then take for a database.
        #expect(!FileManager.default.fileExists(atPath: file.path))

        try file.migrate()
        #expect(database.readiness() == .ready)
        #expect(try database.notes().isEmpty)
    }

    @Test("one without this release's schema is not served")
    func unmigrated() throws {
        let file = try TemporaryDatabase(migrated: false)
        try file.migrate([])
        let database = Database(file.url, migrations: file.migrations)
        guard case .unready(let error) = database.readiness() else {
            Issue.record("an empty database is not ready")
            return
        }
        #expect(error.description.contains("has schema 0, this release needs 2; run the `migrate` command"))
        try file.migrate()
        #expect(database.readiness() == .ready)
    }

    @Test("one put in another's place is found by the next write, which is not lost")
    func replaced() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        try database.add("one")
        try FileManager.default.removeItem(atPath: file.directory)
        #expect(throws: DatabaseError.self) { try database.add("two") }

        try file.migrate()
        try database.add("two")
        #expect(try file.open().notes() == ["two"])
    }

    @Test("reads leave one that was replaced, at the latest a moment later")
    func replacedWhileReading() throws {
        let (old, new) = (try TemporaryDatabase(), try TemporaryDatabase())
        let database = try old.open()
        try database.add("old")
        try new.open().add("new")
        #expect(try database.notes() == ["old"])
        // As a restore does it: the log belongs to the file and goes first.
        for end in ["-wal", "-shm", ""] {
            try? FileManager.default.removeItem(atPath: old.path + end)
        }
        try new.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try FileManager.default.copyItem(atPath: new.path, toPath: old.path)
        let end = SuspendingClock.now.advanced(by: .nanoseconds(Database.timeBetweenLooks))
        while SuspendingClock.now < end { usleep(1_000) }
        #expect(try database.notes() == ["new"])
    }

    @Test("readiness tells that the database is gone while it is open")
    func goneWhileOpen() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        #expect(database.readiness() == .ready)
        try FileManager.default.removeItem(atPath: file.directory)
        #expect(database.readiness() != .ready)
    }

    @Test("a file that is no database is called damaged, and is left as it is")
    func noDatabase() throws {
        let file = try TemporaryDatabase()
        let text = String(repeating: "This is a letter, not a database. ", count: 100)
        try text.write(toFile: file.path, atomically: true, encoding: .utf8)
        // The log still holds the database that was there.
        for end in ["-wal", "-shm"] { try FileManager.default.removeItem(atPath: file.path + end) }
        guard case .unready(let error) = Database(file.url).readiness() else {
            Issue.record("a letter is no database")
            return
        }
        #expect(error.description.contains("damaged"))
        #expect(throws: DatabaseError.self) { try file.migrate() }
        #expect(try String(contentsOfFile: file.path, encoding: .utf8) == text)
    }

    @Test("one of another program is neither served nor migrated")
    func foreign() throws {
        let file = try TemporaryDatabase(migrated: false)
        try Directory.create(file.location.directory)
        try file.connect(.migrating).execute("CREATE TABLE wine (year INTEGER)")
        let refusal = #expect(throws: DatabaseError.self) { try file.migrate() }
        #expect(refusal?.description.contains("belongs to another program") == true)
        #expect(Database(file.url).readiness() != .ready)
        #expect(try file.text("SELECT group_concat(name) FROM sqlite_schema") == "wine")
        #expect(try file.text("PRAGMA journal_mode") == "delete")
    }

    @Test("what no release wrote is called damage, not shown to anyone")
    func brokenRow() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        try database.add("one")
        let damage = DatabaseError.corrupted("column text holds what no release wrote")
        #expect(throws: damage) { try database.first("SELECT text FROM note") { row in try row["text"] as Int } }
        #expect(throws: damage) { try database.first("SELECT NULL AS text") { row in try row["text"] as String } }
        #expect(throws: damage) {
            try database.first("SELECT CAST(x'FF' AS TEXT) AS text") { row in try row["text"] as String }
        }
        #expect(try database.notes() == ["one"])
    }

    @Test("one that was put back without its write-ahead log gets it again")
    func restored() throws {
        let file = try TemporaryDatabase()
        try file.connect().execute("PRAGMA journal_mode = DELETE")
        #expect(try file.text("PRAGMA journal_mode") == "delete")
        _ = try file.open()
        #expect(try file.text("PRAGMA journal_mode") == "wal")
    }

    @Test("a connection that may only read is replaced by one that may write, and the write is kept")
    func readOnlyConnection() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        try database.add("one")
        // The same result code as from a file that could not be written when it was opened.
        try database.sqliteConnection().execute("PRAGMA query_only = ON")
        #expect(try database.notes() == ["one"])
        try database.add("two")
        try database.sqliteConnection().execute("PRAGMA query_only = ON")
        // A write of one statement, without a frame of its own, has the same right.
        #expect(try database.run("INSERT INTO note (text) VALUES ('three')") == 1)
        #expect(try database.notes() == ["one", "two", "three"])
    }

    @Test("a full disk refuses the write, keeps what was written, and is forgotten once there is room")
    func full() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        try database.add("one")
        func addMany() throws {
            try database.write {
                for _ in 0..<500 {
                    try database.run("INSERT INTO note (text) VALUES (:text)", String(repeating: "n", count: 200))
                }
            }
        }
        // SQLite's own limit stands in for the disk's: the same result code, on this connection alone.
        try database.sqliteConnection().execute("PRAGMA max_page_count = 20")
        let refusal = #expect(throws: DatabaseError.self) { try addMany() }
        guard case .full = refusal else {
            Issue.record("\(String(describing: refusal)) is no full disk")
            return
        }
        #expect(try database.notes() == ["one"])
        try database.sqliteConnection().execute("PRAGMA max_page_count = 1000000")
        try addMany()
        #expect(try database.notes().count == 501)
    }

    @Test("network file systems are told from local ones")
    func filesystems() {
        #expect(NetworkFilesystem.name(ofKind: 0x6969) == "NFS")
        #expect(NetworkFilesystem.name(ofKind: 0xFF53_4D42) == "SMB")
        #expect(NetworkFilesystem.name(ofKind: 0x6573_5546) == "FUSE")
        // ext4, tmpfs, overlayfs, btrfs, xfs.
        for local in [0xEF53, 0x0102_1994, 0x794C_7630, 0x9123_683E, 0x5846_5342] as [UInt32] {
            #expect(NetworkFilesystem.name(ofKind: local) == nil)
        }
    }

    @Test("a commit is on the disk before it is answered")
    func synchronous() throws {
        let file = try TemporaryDatabase()
        let connection = try file.connect()
        // 1 is NORMAL: a commit flushes the log itself.
        #expect(try connection.integer("PRAGMA synchronous") == 1)
        #expect(try connection.integer("PRAGMA foreign_keys") == 1)
    }
}
