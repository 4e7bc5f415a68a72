import SQL
import Stays
import StaysStore
import TestDatabases
import Testing
import Values

/// While a release takes over from the one before, both serve one database.
@Suite("idempotency keys across releases")
struct ReleaseBeforeTests {
    /// How a release keeps what it answered under a key.
    private enum Answer {
        /// In columns for its parts; the first release, without a scope.
        case parts(scope: String?)
        /// As JSON, under a scope: on PostgreSQL from the first release on.
        case json(scope: String)
    }

    /// What a release before does when it books, in its own words: they stay as they are.
    private func bookAsBefore(
        _ request: BookingRequest,
        key: String,
        _ answer: Answer,
        in file: StaysDatabase
    ) throws -> BookingID {
        let id = BookingID(madeAt: noon)
        let (from, to) = (request.stay.from, request.stay.to)
        try file.execute(
            """
            INSERT INTO booking (id, room_id, arrival, departure, guests, guest_name, guest_email, total, currency, status,
                version, created_at)
            VALUES ('\(id)', '101', '\(from)', '\(to)', 2, 'Ada Lovelace', 'ada@example.org', 24000, 'EUR', 'confirmed', 1,
                \(noon.microsecondsSinceEpoch))
            """,
            "INSERT INTO held_night VALUES ('101', '\(from)', '\(id)')"
        )
        let expiry = noon.microsecondsSinceEpoch + 1
        switch answer {
        case .parts(let scope):
            try file.execute(
                """
                INSERT OR REPLACE INTO idempotency (key, fingerprint, booking_id, answered_status, answered_version,
                    expires_at\(scope == nil ? "" : ", scope"))
                VALUES ('\(key)', '\(request.fingerprint)', '\(id)', 'confirmed', 1, \(expiry)\(scope.map { ", '\($0)'" } ?? ""))
                """
            )
        case .json(let scope):
            try file.execute(
                """
                INSERT INTO idempotency (key, scope, fingerprint, answer, expires_at)
                VALUES ('\(key)', '\(scope)', '\(request.fingerprint)', '{"id":"\(id)","status":"confirmed","version":1}', \(expiry))
                ON CONFLICT (key, scope) DO UPDATE
                SET fingerprint = excluded.fingerprint, answer = excluded.answer, expires_at = excluded.expires_at
                """
            )
        }
        return id
    }

    private func replay(
        _ request: BookingRequest,
        key: String,
        scope: IdempotencyScope,
        in file: StaysDatabase
    ) throws -> Booking? {
        let idempotency = Idempotency(
            key: try #require(IdempotencyKey(key)),
            scope: scope,
            fingerprint: request.fingerprint
        )
        let outcome = try file.store().store.book(
            request,
            idempotency: idempotency,
            id: BookingID(madeAt: noon),
            now: noon
        )
        guard case .replayed(let booking) = outcome else { return nil }
        return booking
    }

    private func database(schema: Int, on store: Store = .sqlite) throws -> StaysDatabase {
        let file = try StaysDatabase(on: store, migrated: false)
        try file.file.migrate(Array(StaysStore.migrations.prefix(schema)))
        try file.execute("INSERT INTO room VALUES ('101', 'Garden Room', 2, 12000, 'EUR')")
        return file
    }

    @Test("what a release without scopes wrote under a key, also while both serve, answers every client as it did")
    func unscopedKeys() throws {
        let file = try database(schema: 1)
        let before = try bookAsBefore(wish(10), key: "before", .parts(scope: nil), in: file)
        try file.file.migrate()
        let during = try bookAsBefore(wish(20), key: "during", .parts(scope: nil), in: file)
        #expect(try file.text("PRAGMA integrity_check") == "ok")
        for scope in [IdempotencyScope.anonymous, IdempotencyScope("abc")] {
            for (key, day, id) in [("before", 10, before), ("during", 20, during)] {
                #expect(try replay(wish(day), key: key, scope: #require(scope), in: file)?.id == id, "\(key)")
            }
        }
    }

    @Test("what the release before wrote under a scoped key, also while both serve, answers that client alone")
    func scopedKeys() throws {
        let file = try database(schema: 2)
        let before = try bookAsBefore(wish(10), key: "k", .parts(scope: "abc"), in: file)
        #expect(try file.file.migrate() == .applied(["3 answers_as_json", "4 create_job"]))
        let during = try bookAsBefore(wish(20), key: "l", .parts(scope: "abc"), in: file)
        let scope = try #require(IdempotencyScope("abc"))
        #expect(try replay(wish(10), key: "k", scope: scope, in: file)?.id == before)
        #expect(try replay(wish(20), key: "l", scope: scope, in: file)?.id == during)
        #expect(throws: BookingRefusal.self) { try replay(wish(10), key: "k", scope: .anonymous, in: file) }
    }

    @Test("what this release writes under a key the release before reads as its own")
    func keysForBefore() throws {
        let file = try database(schema: 2)
        try file.file.migrate()
        let request = try wish()
        let key = Idempotency(key: try #require(IdempotencyKey("k")), fingerprint: request.fingerprint)
        let id = BookingID(madeAt: noon)
        _ = try file.store().store.book(request, idempotency: key, id: id, now: noon)
        let record = """
            SELECT fingerprint || ' ' || booking_id || ' ' || answered_status || ' ' || answered_version FROM idempotency
            WHERE key = 'k' AND scope IN ('anonymous', '*')
            """
        #expect(try file.text(record) == "\(request.fingerprint) \(id) confirmed 1")
    }

    @Test(
        "the release with schema 3 books, reads, cancels and answers repeats on this release's schema, and this one with it",
        arguments: Store.all
    )
    func lastRelease(on store: Store) throws {
        let file = try database(schema: 3, on: store)
        let before = try bookAsBefore(wish(10), key: "before", .json(scope: "abc"), in: file)
        try file.file.migrate()
        let during = try bookAsBefore(wish(20), key: "during", .json(scope: "abc"), in: file)
        let scope = try #require(IdempotencyScope("abc"))
        #expect(try replay(wish(10), key: "before", scope: scope, in: file)?.id == before)
        #expect(try replay(wish(20), key: "during", scope: scope, in: file)?.id == during)

        // What this release does the other reads, in the columns that it knows.
        let request = try wish(15)
        let key = Idempotency(key: try #require(IdempotencyKey("new")), scope: scope, fingerprint: request.fingerprint)
        let id = BookingID(madeAt: noon)
        _ = try file.store().store.book(request, idempotency: key, id: id, now: noon)
        let booking = """
            SELECT id || room_id || arrival || departure || guests || guest_name || guest_email || total || currency || status
                || version || created_at FROM booking WHERE id = '\(id)'
            """
        #expect(
            try file.text(booking)
                == "\(id)1012027-01-152027-01-172Ada Lovelaceada@example.org24000EURconfirmed1\(noon.microsecondsSinceEpoch)"
        )
        let answer =
            "SELECT fingerprint || answer FROM idempotency WHERE key = 'new' AND scope = 'abc' AND expires_at > 0"
        #expect(
            try file.text(answer) == #"\#(request.fingerprint){"id":"\#(id)","status":"confirmed","version":1}"#
        )
        #expect(
            try file.text(
                "SELECT count(*) || '' FROM room LEFT JOIN held_night ON room_id = room.id WHERE night > '2027-01-14'"
            )
                == "3"
        )

        try file.execute(
            "UPDATE booking SET status = 'cancelled', version = 2 WHERE id = '\(id)'",
            "DELETE FROM held_night WHERE room_id = '101' AND night >= '2027-01-15' AND night < '2027-01-17' AND booking_id = '\(id)'"
        )
        #expect(try file.store().store.booking(id)?.status == .cancelled)
        #expect(try file.store().store.book(request, idempotency: nil, id: BookingID(madeAt: noon), now: noon).isDone)
    }
}

extension Once {
    fileprivate var isDone: Bool {
        if case .done = self { true } else { false }
    }
}
