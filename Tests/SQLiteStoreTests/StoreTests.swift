import FoundationEssentials
import Glibc
import Stays
import Testing
import Values

@testable import SQLiteStore

@Suite("the SQLite store's own ways")
struct StoreTests {
    @Test("the table of held nights refuses a second booking even from a program that does not look first")
    func uniqueNight() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        try store.add(SampleHotel.rooms)
        let connection = try database.connect()
        try connection.execute(
            """
            INSERT INTO booking VALUES
                ('a', '101', '2027-01-10', '2027-01-11', 1, 'n', 'e', 1, 'EUR', 'confirmed', 1, 0),
                ('b', '101', '2027-01-10', '2027-01-11', 1, 'n', 'e', 1, 'EUR', 'confirmed', 1, 0);
            INSERT INTO held_night VALUES ('101', '2027-01-10', 'a');
            """
        )
        #expect(throws: StoreError.self) {
            try connection.execute("INSERT INTO held_night VALUES ('101', '2027-01-10', 'b')")
        }
        #expect(throws: StoreError.self) {
            try connection.execute("INSERT INTO held_night VALUES ('101', '2027-01-11', 'nobody')")
        }
    }

    @Test("a commit is on the disk before it is answered")
    func synchronous() throws {
        let database = try TemporaryDatabase()
        let connection = try database.connect()
        // 2 is FULL.
        #expect(try Statement("PRAGMA synchronous", on: connection).first { row in row.integer(0) } == 2)
        #expect(try Statement("PRAGMA foreign_keys", on: connection).first { row in row.integer(0) } == 1)
    }

    @Test("expired keys are swept with later bookings, a few at a time")
    func sweep() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        try store.add(SampleHotel.rooms)
        let start = Timestamp(microsecondsSinceEpoch: 1_795_490_055_000_000)
        func book(_ index: Int, at now: Timestamp) throws {
            let from = try #require(now.date.adding(days: 10 + index))
            let request = try BookingDraft(
                roomID: "101",
                from: "\(from)",
                to: "\(#require(from.adding(days: 1)))",
                guests: 1,
                guestName: "Ada",
                guestEmail: "ada@example.org"
            ).request()
            let key = try #require(IdempotencyKey("key-\(index)"))
            let outcome = try store.book(
                request,
                idempotency: Idempotency(key: key, request: request),
                id: BookingID(madeAt: now),
                now: now
            )
            guard case .booked = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
        for index in 0..<20 { try book(index, at: start) }
        #expect(try database.text("SELECT count(*) || '' FROM idempotency") == "20")
        let later = start.adding(IdempotencyKey.lifetime)
        for index in 20..<23 { try book(index, at: later) }
        #expect(try database.text("SELECT count(*) || '' FROM idempotency") == "17")
        for index in 23..<60 { try book(index, at: later) }
        #expect(try database.text("SELECT count(*) || '' FROM idempotency") == "40")
    }

    @Test("what the release before wrote under a key, also while both serve, answers every client as it did")
    func unscopedKeys() throws {
        let database = try TemporaryDatabase(migrated: false)
        let booking =
            "booking (id, room_id, arrival, departure, guests, guest_name, guest_email, total, currency, status, version, created_at)"
        let insert = """
            INSERT OR REPLACE INTO idempotency
                (key, fingerprint, booking_id, answered_status, answered_version, expires_at)
            VALUES
            """
        let now = Timestamp(microsecondsSinceEpoch: 1_795_490_055_000_000)
        func request(_ day: Int) throws -> BookingRequest {
            try BookingDraft(
                roomID: "101",
                from: "2027-01-\(day)",
                to: "2027-01-\(day + 1)",
                guests: 1,
                guestName: "Ada",
                guestEmail: "ada@example.org"
            ).request()
        }
        func wrote(_ day: Int, key: String) throws -> BookingID {
            let id = BookingID(madeAt: now)
            let fingerprint = String(Fingerprint(try request(day)).bits, radix: 16)
            let connection = try database.connect()
            try connection.execute(
                """
                INSERT INTO \(booking) VALUES ('\(id)', '101', '2027-01-\(day)', '2027-01-\(day + 1)', 1, 'Ada',
                    'ada@example.org', 12000, 'EUR', 'confirmed', 1, \(now.microsecondsSinceEpoch));
                INSERT INTO held_night VALUES ('101', '2027-01-\(day)', '\(id)');
                \(insert) ('\(key)', '\(fingerprint)', '\(id)', 'confirmed', 1, \(now.microsecondsSinceEpoch + 1));
                """
            )
            return id
        }
        _ = try SQLiteMigrator(database.location, migrations: [Migration.all[0]]).migrate()
        try database.connect().execute("INSERT INTO room VALUES ('101', 'Garden Room', 2, 12000, 'EUR')")
        let before = try wrote(10, key: "before")
        #expect(try SQLiteMigrator(database.location).migrate() == .applied(["2 scope_idempotency"]))
        let during = try wrote(20, key: "during")
        #expect(try database.integrity() == "ok")

        let store = try database.store()
        for scope in [IdempotencyScope.anonymous, IdempotencyScope("abc")] {
            for (key, day, id) in [("before", 10, before), ("during", 20, during)] {
                let idempotency = Idempotency(
                    key: try #require(IdempotencyKey(key)),
                    scope: try #require(scope),
                    request: try request(day)
                )
                let outcome = try store.book(
                    try request(day),
                    idempotency: idempotency,
                    id: BookingID(madeAt: now),
                    now: now
                )
                guard case .replayed(let booking) = outcome else {
                    Issue.record("\(key): \(outcome)")
                    continue
                }
                #expect(booking.id == id)
            }
        }
    }

    @Test("reads leave a database that was replaced, at the latest a moment later")
    func replacedWhileReading() throws {
        let (old, new) = (try TemporaryDatabase(), try TemporaryDatabase())
        let store = try old.store()
        try store.add(SampleHotel.rooms)
        try new.store().add([SampleHotel.rooms[3]])
        #expect(try store.rooms().count == SampleHotel.rooms.count)
        // As a restore does it: the log belongs to the file and goes first.
        for end in ["-wal", "-shm", ""] {
            try? FileManager.default.removeItem(atPath: old.location.path + end)
        }
        try new.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try FileManager.default.copyItem(atPath: new.location.path, toPath: old.location.path)
        let end = SuspendingClock.now.advanced(by: SQLiteStore.timeBetweenLooks)
        while SuspendingClock.now < end { usleep(1_000) }
        #expect(try store.rooms() == [SampleHotel.rooms[3]])
    }

    @Test("every hot read finds its rows by a key: no table is scanned")
    func plans() throws {
        let database = try TemporaryDatabase()
        let connection = try database.connect()
        let session = try database.store().openSession()
        let reads = [
            session.room.sql, session.booking.sql, session.bookings.sql, session.bookingsOfRoom.sql,
            session.heldNights.sql, session.idempotency.sql,
        ]
        for sql in reads {
            let plan = try Statement("EXPLAIN QUERY PLAN \(sql)", on: connection)
                .all { row throws(StoreError) in try row.text(3) }
            #expect(plan.count == 1 && plan.allSatisfy { $0.hasPrefix("SEARCH") }, "\(sql): \(plan)")
        }
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
}
