import Stays
import StaysStore
import TestDatabases
import Testing
import Values

@testable import SQL

@Suite("the store's own ways")
struct StoreTests {
    @Test(
        "the table of held nights refuses a second booking even from a program that does not look first",
        arguments: Store.all
    )
    func uniqueNight(store: Store) throws {
        let file = try StaysDatabase(on: store)
        try file.store().store.add(SampleHotel.rooms)
        try file.execute(
            """
            INSERT INTO booking VALUES
                ('a', '101', '2027-01-10', '2027-01-11', 1, 'n', 'e', 1, 'EUR', 'confirmed', 1, 0),
                ('b', '101', '2027-01-10', '2027-01-11', 1, 'n', 'e', 1, 'EUR', 'confirmed', 1, 0)
            """,
            "INSERT INTO held_night VALUES ('101', '2027-01-10', 'a')"
        )
        func constraint(_ sql: String) -> DatabaseError.Constraint? {
            let error = #expect(throws: DatabaseError.self) { try file.execute(sql) }
            guard case .violated(let constraint, _) = error else { return nil }
            return constraint
        }
        #expect(constraint("INSERT INTO held_night VALUES ('101', '2027-01-10', 'b')") == .unique)
        #expect(constraint("INSERT INTO held_night VALUES ('101', '2027-01-11', 'nobody')") == .foreignKey)
    }

    @Test("what no release wrote is called damage, not shown to anyone", arguments: Store.all)
    func brokenRow(store: Store) throws {
        let file = try StaysDatabase(on: store)
        let (store, _) = try file.store()
        try store.add(SampleHotel.rooms)
        try file.execute("UPDATE room SET name = '' WHERE id = '101'")
        #expect(throws: DatabaseError.corrupted("column name holds what no release wrote")) {
            try store.room(#require(RoomID("101")))
        }
        #expect(try store.room(#require(RoomID("102"))) != nil)
    }

    @Test("expired keys are swept with later bookings, a few at a time", arguments: Store.all)
    func sweep(on kind: Store) throws {
        let file = try StaysDatabase(on: kind)
        let (store, _) = try file.store()
        try store.add(SampleHotel.rooms)
        func book(_ index: Int, at now: Timestamp) throws {
            let from = try #require(now.date.adding(days: 10 + index))
            let to = try #require(from.adding(days: 1))
            let stay = try #require(Stay(from: from, to: to))
            let sample = try wish()
            let request = try #require(
                BookingRequest(roomID: sample.roomID, stay: stay, guests: 1, guest: sample.guest)
            )
            let key = Idempotency(key: try #require(IdempotencyKey("key-\(index)")), fingerprint: request.fingerprint)
            let outcome = try store.book(request, idempotency: key, id: BookingID(madeAt: now), now: now)
            guard case .done = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
        for index in 0..<20 { try book(index, at: noon) }
        #expect(try file.text("SELECT count(*) || '' FROM idempotency") == "20")
        let later = noon.adding(IdempotencyKey.lifetime)
        for index in 20..<23 { try book(index, at: later) }
        #expect(try file.text("SELECT count(*) || '' FROM idempotency") == "17")
        for index in 23..<60 { try book(index, at: later) }
        #expect(try file.text("SELECT count(*) || '' FROM idempotency") == "40")
    }

    @Test("a booking on PostgreSQL is two round trips, a read is one")
    func roundTrips() throws {
        guard Store.all.contains(.postgreSQL) else { return }
        let file = try StaysDatabase(on: .postgreSQL)
        let (store, database) = try file.store()
        try store.add(SampleHotel.rooms)
        guard case .postgreSQL(let connection) = try database.openConnection() else { return }
        func cost(_ body: () throws -> Void) rethrows -> Int {
            let before = connection.roundTrips
            try body()
            return connection.roundTrips - before
        }
        func book(_ day: Int) throws {
            let request = try wish(day, nights: 3)
            let key = Idempotency(key: try #require(IdempotencyKey("k-\(day)")), fingerprint: request.fingerprint)
            _ = try store.book(request, idempotency: key, id: BookingID(madeAt: noon), now: noon)
        }
        #expect(try cost { try book(10) } == 2)
        #expect(try cost { try book(15) } == 2)
        // A repeat: the key with its question, the end of the transaction, and the booking as it is now.
        #expect(try cost { try book(15) } == 3)
        #expect(try cost { _ = try store.room(#require(RoomID("101"))) } == 1)
    }

    @Test("every hot read finds its rows by a key: no table is scanned")
    func plans() throws {
        let file = try StaysDatabase()
        let (store, database) = try file.store()
        try store.add(SampleHotel.rooms)
        let request = try wish()
        let key = Idempotency(key: try #require(IdempotencyKey("k")), fingerprint: request.fingerprint)
        let id = BookingID(madeAt: noon)
        // Every statement of the store runs once, and is then among those that the connection has compiled.
        _ = try store.rooms()
        _ = try store.room(request.roomID)
        _ = try store.book(request, idempotency: key, id: id, now: noon)
        _ = try store.booking(id)
        for room in [nil, request.roomID] {
            _ = try store.bookings(BookingQuery(cursor: PageCursor(after: id), room: room))
        }
        _ = try store.cancel(id, expecting: .any)
        guard case .sqlite(let connection) = try database.openConnection() else { return }
        // All rooms, and what `migrate` and readiness ask, have no key to look for; an insert looks for nothing.
        let statements = connection.compiledTexts.filter { $0.contains(":") && !$0.hasPrefix("INSERT") }
        #expect(statements.count >= 9, "\(statements)")
        for sql in statements {
            let plan = try SQLiteStatement("EXPLAIN QUERY PLAN " + sql, on: connection)
            var steps: [String] = []
            while try plan.step() { steps.append(try Row(of: .sqlite(plan))["detail"]) }
            let areByKey = steps.allSatisfy { $0.hasPrefix("SEARCH") || $0.hasPrefix("LIST SUBQUERY") }
            #expect(!steps.isEmpty && areByKey, "\(sql): \(steps)")
        }
    }

    @Test("a released migration keeps its text")
    func released() {
        // Add a line with each release; change none.
        let checksums = ["f03b4b34ba93165c", "8353f75496df1f7d"]
        #expect(StaysStore.migrations.map(\.checksum).prefix(checksums.count) == checksums[...])
        // The same for PostgreSQL, once a release has it.
        let checksumsForPostgreSQL: [String] = []
        #expect(
            StaysStore.migrations.map(\.checksumForPostgreSQL).prefix(checksumsForPostgreSQL.count)
                == checksumsForPostgreSQL[...]
        )
    }
}
