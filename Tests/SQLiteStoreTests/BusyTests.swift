import CSQLite
import Stays
import Testing
import Values

@testable import SQLiteStore

@Suite("a database that others hold")
struct BusyTests {
    @Test("a write gives up at the request's deadline, and reads go on meanwhile")
    func deadline() throws {
        let database = try TemporaryDatabase()
        let store = try database.store(longestWait: .seconds(60))
        let other = try database.connect()
        try other.execute("BEGIN IMMEDIATE")

        let start = SuspendingClock.now
        store.deadline = start.advanced(by: .milliseconds(50))
        #expect(throws: StoreError.busy(retryAfter: .seconds(1))) { try store.add(SampleHotel.rooms) }
        let waited = start.duration(to: .now)
        #expect(waited >= .milliseconds(50))
        #expect(waited < .seconds(10))
        #expect(try store.rooms().isEmpty)

        try other.execute("ROLLBACK")
        store.deadline = nil
        #expect(try store.add(SampleHotel.rooms) == SampleHotel.rooms.count)
    }

    @Test("without a deadline a write waits as long as the store was told to")
    func longestWait() throws {
        let database = try TemporaryDatabase()
        let store = try database.store(longestWait: .milliseconds(30))
        let other = try database.connect()
        try other.execute("BEGIN IMMEDIATE")
        let start = SuspendingClock.now
        #expect(throws: StoreError.busy(retryAfter: .seconds(1))) { try store.add(SampleHotel.rooms) }
        #expect(start.duration(to: .now) >= .milliseconds(30))
        try other.execute("ROLLBACK")
    }

    @Test("a refusal that needs no lock waits for none")
    func refusalWithoutLock() throws {
        let database = try TemporaryDatabase()
        let store = try database.store(longestWait: .seconds(60))
        try store.add(SampleHotel.rooms)
        let request = try wish()
        let id = BookingID(madeAt: noon)
        let idempotency = Idempotency(key: try #require(IdempotencyKey("k")), request: request)
        guard case .booked(let booking) = try store.book(request, idempotency: idempotency, id: id, now: noon) else {
            Issue.record("a free room can be booked")
            return
        }
        let other = try database.connect()
        try other.execute("BEGIN IMMEDIATE")
        store.deadline = .now
        let again = BookingID(madeAt: noon)
        #expect(
            try store.book(request, idempotency: nil, id: again, now: noon) == .nightsTaken(booking.stay.eachNight)
        )
        #expect(try store.book(request, idempotency: idempotency, id: again, now: noon) == .replayed(booking))
        let tomorrow = Timestamp(unixSeconds: Int64(request.stay.to.daysSinceEpoch) * 86_400)
        #expect(try store.book(request, idempotency: idempotency, id: again, now: tomorrow) == .replayed(booking))
        let late = BookingOutcome.pastArrival(today: tomorrow.date)
        #expect(try store.book(request, idempotency: nil, id: again, now: tomorrow) == late)
    }

    @Test("cancelling where nothing is to be changed waits for no lock")
    func cancellationWithoutLock() throws {
        let database = try TemporaryDatabase()
        let store = try database.store(longestWait: .seconds(60))
        try store.add(SampleHotel.rooms)
        let id = BookingID(madeAt: noon)
        guard case .booked(let booking) = try store.book(wish(), idempotency: nil, id: id, now: noon) else {
            Issue.record("a free room can be booked")
            return
        }
        let other = try database.connect()
        store.deadline = .now
        try other.execute("BEGIN IMMEDIATE")
        #expect(try store.cancel(BookingID(madeAt: noon), expecting: .any) == .unknown)
        #expect(try store.cancel(id, expecting: .oneOf([2])) == .stale(booking))
        // There is something to change.
        #expect(throws: StoreError.busy(retryAfter: .seconds(1))) { try store.cancel(id, expecting: .any) }
        try other.execute("ROLLBACK")
        #expect(try store.cancel(id, expecting: .any) == .cancelled(booking.cancelled()))
        try other.execute("BEGIN IMMEDIATE")
        #expect(try store.cancel(id, expecting: .any) == .cancelled(booking.cancelled()))
    }

    @Test("a query that runs past the deadline is ended")
    func longQuery() throws {
        let database = try TemporaryDatabase()
        let patience = Patience(longestWait: .seconds(60))
        let connection = try Connection.open(database.location, for: .serving, patience: patience)
        let long = try Statement(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000000) SELECT count(*) FROM n",
            on: connection
        )
        patience.deadline = .now.advanced(by: .milliseconds(20))
        #expect(throws: StoreError.busy(retryAfter: .seconds(1))) { try long.run() }
        patience.deadline = nil
        #expect(try Statement("SELECT 1", on: connection).first { row in row.integer(0) } == 1)
    }

    @Test("a write is undone when the time is up, or kept and answered: never kept and refused")
    func deadlineAtCommit() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        let session = try store.openSession()
        // Not the disk is to be seen here.
        try session.connection.execute("PRAGMA synchronous = OFF; CREATE TABLE kept (number INTEGER)")
        let insert = try Statement("INSERT INTO kept VALUES (?1)", on: session.connection)
        session.connection.patience.deadline = .now
        // SQLite asks whether the time is up once in ten thousand steps, counted over all runs of a statement.
        var (kept, refused) = (0, 0)
        for number in 0..<12_000 {
            do throws(StoreError) {
                try session.write { () throws(StoreError) in try insert.run(number) }
                kept += 1
            } catch {
                refused += 1
                let isInTransaction = session.connection.isInTransaction
                #expect(!isInTransaction, "refusal \(refused), write \(number)")
            }
        }
        #expect(refused > 0)
        session.connection.patience.deadline = nil
        let count = try Statement("SELECT count(*) FROM kept", on: session.connection).first { row in row.integer(0) }
        #expect(count == Int64(kept))
    }

    @Test("whatever is interrupted where, no call leaves a transaction open", arguments: 1...40 as ClosedRange<Int32>)
    func nothingLeftOpen(steps: Int32) throws {
        let database = try TemporaryDatabase()
        let store = try database.store(longestWait: .zero)
        try store.add(SampleHotel.rooms)
        let other = try database.connect()
        let checkpoint = try Statement("PRAGMA wal_checkpoint(TRUNCATE)", on: other)
        let request = try wish()
        let id = BookingID(madeAt: noon)
        let calls: [(String, () throws -> Void)] = [
            ("add", { try store.add(SampleHotel.rooms) }),
            ("book", { _ = try store.book(request, idempotency: nil, id: id, now: noon) }),
            ("room", { _ = try store.room(request.roomID) }),
            ("cancel", { _ = try store.cancel(id, expecting: .any) }),
        ]
        for (name, call) in calls {
            for isInBatch in [false, true] {
                // Looks at the clock, whose time is up, after so few steps that every place has its turn.
                store.deadline = nil
                let session = try store.openSession()
                session.connection.patience.attend(session.connection.handle, stepsBetweenLooks: steps)
                func isInTransaction() -> Bool { session.connection.isInTransaction }
                store.deadline = .now
                if isInBatch { store.beginBatch() }
                var wasRefused = false
                do { try call() } catch { wasRefused = true }
                if isInBatch {
                    // A snapshot may be held until the batch ends, but not the write lock, and none after a refusal.
                    #expect(!(wasRefused && isInTransaction()), "\(name) in a batch")
                    store.endBatch()
                }
                #expect(!isInTransaction(), "\(name)")
                #expect(throws: Never.self, "\(name)") { try other.execute("BEGIN IMMEDIATE; ROLLBACK") }
                #expect(try checkpoint.first { row in row.integer(0) } == 0, "\(name) holds a snapshot")
            }
        }
    }

    @Test("a transaction that cannot be rolled back ends with its connection")
    func rollbackFails() throws {
        let database = try TemporaryDatabase()
        try database.store().add(SampleHotel.rooms)
        let other = try database.connect()
        var refused = 0
        // SQLite itself rolls back when a write is interrupted, but not when a read between two writes is: somewhere among
        // these the deadline ends that read.
        for steps in 1...200 as ClosedRange<Int32> {
            let store = try database.store(longestWait: .zero)
            try refuseRollback(in: store, stepsBetweenLooks: steps)
            store.deadline = .now
            let request = try wish()
            do throws(StoreError) {
                _ = try store.book(request, idempotency: nil, id: BookingID(madeAt: noon), now: noon)
            } catch {
                refused += 1
            }
            #expect(throws: Never.self, "\(steps)") { try other.execute("BEGIN IMMEDIATE; ROLLBACK") }
            try other.execute("DELETE FROM held_night; DELETE FROM booking")
            store.deadline = nil
            #expect(try store.rooms().count == SampleHotel.rooms.count)
        }
        #expect(refused > 0)
    }

    private func refuseRollback(in store: SQLiteStore, stepsBetweenLooks: Int32) throws {
        let session = try store.openSession()
        sqlite3_set_authorizer(
            session.connection.handle,
            { _, action, operation, _, _, _ in
                let isRollback = action == SQLITE_TRANSACTION && operation.map { String(cString: $0) } == "ROLLBACK"
                return isRollback ? SQLITE_DENY : SQLITE_OK
            },
            nil
        )
        session.connection.patience.attend(session.connection.handle, stepsBetweenLooks: stepsBetweenLooks)
    }

    private let noon = Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456)

    private func wish() throws -> BookingRequest {
        try BookingDraft(
            roomID: "101",
            from: "2027-01-10",
            to: "2027-01-12",
            guests: 2,
            guestName: "Ada Lovelace",
            guestEmail: "ada@example.org"
        ).request()
    }
}
