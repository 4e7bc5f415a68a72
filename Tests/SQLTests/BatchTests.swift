import TestDatabases
import Testing

@testable import SQL

@Suite("a batch of reads")
struct BatchTests {
    private func databases() throws -> (file: TemporaryDatabase, database: Database, other: Database) {
        let file = try TemporaryDatabase()
        let database = try file.open()
        try database.add("one", "two")
        return (file, database, try file.open())
    }

    @Test("shares one snapshot, and what others wrote meanwhile is seen after it")
    func snapshot() throws {
        let (file, database, other) = try databases()
        defer { withExtendedLifetime(file) {} }
        database.beginBatch()
        #expect(try database.notes().count == 2)
        try other.add("three")
        #expect(try database.notes().count == 2)
        #expect(try database.read { try database.notes().count } == 2)
        #expect(try database.notes().count == 2, "a read of several things does not end the batch's snapshot")
        #expect(try other.notes().count == 3)
        database.endBatch()
        #expect(try database.notes().count == 3)
    }

    @Test("takes its snapshot with the first read, not before")
    func firstRead() throws {
        let (file, database, other) = try databases()
        defer { withExtendedLifetime(file) {} }
        database.beginBatch()
        try other.add("three")
        #expect(try database.notes().count == 3)
        database.endBatch()
    }

    @Test("sees what it has written itself, and what was there by then")
    func ownWrites() throws {
        let (file, database, other) = try databases()
        defer { withExtendedLifetime(file) {} }
        database.beginBatch()
        #expect(try database.notes().count == 2)
        try other.add("three")
        try database.add("four")
        #expect(try database.notes() == ["one", "two", "three", "four"])
        try other.add("five")
        #expect(try database.notes().count == 4)
        database.endBatch()
    }

    @Test("holds nothing when it is over: the write-ahead log can be cut")
    func nothingHeld() throws {
        let (file, database, other) = try databases()
        let connection = try file.connect()
        func isBlocked() throws -> Bool { try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 1 }
        database.beginBatch()
        _ = try database.notes()
        try other.add("three")
        #expect(try isBlocked(), "while it lasts it cannot, or this test would show nothing")
        database.endBatch()
        #expect(try !isBlocked())
        database.beginBatch()
        database.endBatch()
        database.endBatch()
        #expect(try !isBlocked())
    }

    @Test("goes on after a write that failed")
    func failedWrite() throws {
        let (file, database, _) = try databases()
        let lock = try file.connect()
        try lock.execute("BEGIN IMMEDIATE")
        database.beginBatch()
        #expect(try database.notes().count == 2)
        database.deadline = .now
        #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) { try database.add("three") }
        database.deadline = nil
        #expect(try database.notes().count == 2)
        try lock.execute("ROLLBACK")
        try database.add("three")
        #expect(try database.notes().count == 3)
        database.endBatch()
    }

    @Test("is left before a wait: nothing is held meanwhile, and what is read after it is read anew")
    func waiting() throws {
        let (file, database, other) = try databases()
        let connection = try file.connect()
        database.beginBatch()
        #expect(try database.notes().count == 2)
        try other.add("three")
        #expect(try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 1, "or this test would show nothing")
        database.leaveBatch()
        #expect(try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0)
        #expect(try database.notes().count == 3)
        #expect(
            try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0,
            "what is read later holds nothing either"
        )
        database.endBatch()
    }

    @Test("is not left in the middle of a read, which sees one state to its end")
    func waitingInRead() throws {
        let (file, database, other) = try databases()
        defer { withExtendedLifetime(file) {} }
        database.beginBatch()
        try database.read {
            #expect(try database.notes().count == 2)
            try other.add("three")
            database.leaveBatch()
            #expect(try database.notes().count == 2)
        }
        database.leaveBatch()
        #expect(try database.notes().count == 3)
        database.endBatch()
    }
}
