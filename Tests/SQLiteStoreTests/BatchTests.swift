import Stays
import Testing

@testable import SQLiteStore

@Suite("a batch of reads")
struct BatchTests {
    private func database() throws -> (database: TemporaryDatabase, store: SQLiteStore, other: SQLiteStore) {
        let database = try TemporaryDatabase()
        let store = try database.store()
        try store.add(Array(SampleHotel.rooms.prefix(2)))
        return (database, store, try database.store())
    }

    @Test("shares one snapshot, and what others wrote meanwhile is seen after it")
    func snapshot() throws {
        let (database, store, other) = try database()
        defer { withExtendedLifetime(database) {} }
        store.beginBatch()
        #expect(try store.rooms().count == 2)
        try other.add(SampleHotel.rooms)
        #expect(try store.rooms().count == 2)
        #expect(try other.rooms().count == SampleHotel.rooms.count)
        store.endBatch()
        #expect(try store.rooms().count == SampleHotel.rooms.count)
    }

    @Test("takes its snapshot with the first read, not before")
    func firstRead() throws {
        let (database, store, other) = try database()
        defer { withExtendedLifetime(database) {} }
        store.beginBatch()
        try other.add(SampleHotel.rooms)
        #expect(try store.rooms().count == SampleHotel.rooms.count)
        store.endBatch()
    }

    @Test("sees what it has written itself, and what was there by then")
    func ownWrites() throws {
        let (database, store, other) = try database()
        defer { withExtendedLifetime(database) {} }
        store.beginBatch()
        #expect(try store.rooms().count == 2)
        try other.add(Array(SampleHotel.rooms.prefix(3)))
        #expect(try store.add(Array(SampleHotel.rooms.prefix(4))) == 1)
        #expect(try store.rooms().count == 4)
        try other.add(SampleHotel.rooms)
        #expect(try store.rooms().count == 4)
        store.endBatch()
    }

    @Test("holds nothing when it is over: the write-ahead log can be cut")
    func nothingHeld() throws {
        let (database, store, other) = try database()
        let connection = try database.connect()
        let checkpoint = try Statement("PRAGMA wal_checkpoint(TRUNCATE)", on: connection)
        func isBlocked() throws -> Bool { try checkpoint.first { row in row.integer(0) } == 1 }
        store.beginBatch()
        _ = try store.rooms()
        try other.add(SampleHotel.rooms)
        #expect(try isBlocked(), "while it lasts it cannot, or this test would show nothing")
        store.endBatch()
        #expect(try !isBlocked())
        store.beginBatch()
        store.endBatch()
        store.endBatch()
        #expect(try !isBlocked())
    }

    @Test("goes on after a write that failed")
    func failedWrite() throws {
        let (database, store, _) = try database()
        let lock = try database.connect()
        try lock.execute("BEGIN IMMEDIATE")
        store.beginBatch()
        #expect(try store.rooms().count == 2)
        store.deadline = .now
        #expect(throws: StoreError.busy(retryAfter: .seconds(1))) { try store.add(SampleHotel.rooms) }
        store.deadline = nil
        #expect(try store.rooms().count == 2)
        try lock.execute("ROLLBACK")
        #expect(try store.add(SampleHotel.rooms) == SampleHotel.rooms.count - 2)
        #expect(try store.rooms().count == SampleHotel.rooms.count)
        store.endBatch()
    }
}
