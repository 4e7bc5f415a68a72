import TestDatabases
import Testing

@testable import SQL

@Suite("a database that others hold")
struct BusyTests {
    @Test("a write gives up at the request's deadline, and reads go on meanwhile")
    func deadline() throws {
        let file = try TemporaryDatabase()
        let database = try file.open(longestWait: .seconds(60))
        let other = try file.connect()
        try other.execute("BEGIN IMMEDIATE")

        let start = SuspendingClock.now
        database.deadline = start.advanced(by: .milliseconds(50))
        #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) { try database.add("one") }
        let waited = start.duration(to: .now)
        #expect(waited >= .milliseconds(50))
        #expect(waited < .seconds(10))
        #expect(try database.notes().isEmpty)

        try other.execute("ROLLBACK")
        database.deadline = nil
        try database.add("one")
        #expect(try database.notes() == ["one"])
    }

    @Test("a deadline that is far away changes nothing")
    func farDeadline() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        database.deadline = .now.advanced(by: .seconds(60))
        try database.add("one")
        #expect(try database.notes() == ["one"])
    }

    @Test("without a deadline a write waits as long as the database was told to")
    func longestWait() throws {
        let file = try TemporaryDatabase()
        let database = try file.open(longestWait: .milliseconds(30))
        let other = try file.connect()
        try other.execute("BEGIN IMMEDIATE")
        let start = SuspendingClock.now
        #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) { try database.add("one") }
        #expect(start.duration(to: .now) >= .milliseconds(30))
        try other.execute("ROLLBACK")
    }

    @Test("a query that runs past the deadline is ended")
    func longQuery() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        database.deadline = .now.advanced(by: .milliseconds(20))
        let long =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000) SELECT count(*) FROM n"
        #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) { try database.run(long) }
        database.deadline = nil
        #expect(try database.first("SELECT 1") { row in row.integer(0) } == 1)
    }

    @Test("a write is undone when the time is up, or kept and answered: never kept and refused")
    func deadlineAtCommit() throws {
        let file = try TemporaryDatabase()
        let database = try file.open()
        // Not the disk is to be seen here.
        try database.sqliteConnection().execute("PRAGMA synchronous = OFF")
        database.deadline = .now
        // SQLite asks whether the time is up once in ten thousand steps, counted over all runs of a statement.
        var (kept, refused) = (0, 0)
        for number in 0..<12_000 {
            do {
                try database.run("INSERT INTO note (text) VALUES (:text)", "\(number)")
                kept += 1
            } catch {
                refused += 1
                let isInTransaction = try database.sqliteConnection().isInTransaction
                #expect(!isInTransaction, "refusal \(refused), write \(number)")
            }
        }
        #expect(refused > 0)
        database.deadline = nil
        #expect(try database.notes().count == kept)
    }

    @Test("whatever is interrupted where, no call leaves a transaction open", arguments: 1...40 as ClosedRange<Int32>)
    func nothingLeftOpen(steps: Int32) throws {
        let file = try TemporaryDatabase()
        let database = try file.open(longestWait: .zero)
        try database.add("one", "two")
        let other = try file.connect()
        let calls: [(String, () throws -> Void)] = [
            ("several writes", { try database.add("three", "four") }),
            ("one write", { try database.run("UPDATE note SET author = 'Ada'") }),
            ("one read", { _ = try database.notes() }),
            ("several reads", { try database.read { _ = (try database.notes(), try database.notes()) } }),
            ("a read in a write", { try database.write { _ = try database.notes() } }),
        ]
        for (name, call) in calls {
            for isInBatch in [false, true] {
                // Looks at the clock, whose time is up, after so few steps that every place has its turn.
                database.deadline = nil
                let connection = try database.sqliteConnection()
                connection.busyTimeout.attend(connection.handle, stepsBetweenLooks: steps)
                database.deadline = .now
                if isInBatch { database.beginBatch() }
                var wasRefused = false
                do { try call() } catch { wasRefused = true }
                if isInBatch {
                    // A snapshot may be held until the batch ends, but not the write lock, and none after a refusal.
                    let isOpen = connection.isInTransaction
                    #expect(!(wasRefused && isOpen), "\(name) in a batch")
                    database.endBatch()
                }
                let isOpen = connection.isInTransaction
                #expect(!isOpen, "\(name)")
                #expect(throws: Never.self, "\(name)") { try other.execute("BEGIN IMMEDIATE; ROLLBACK") }
                #expect(try other.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0, "\(name) holds a snapshot")
            }
        }
    }
}
