import SQL
import Stays
import StaysStore
import TestDatabases
import Testing
import Values

/// While a release takes over from the one before, both serve one database.
@Suite("idempotency keys across releases")
struct ReleaseBeforeTests {
    /// What the release before does when it books: with columns for the parts of its answer.
    private func bookAsBefore(
        _ request: BookingRequest,
        key: String,
        scope: String?,
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
            "INSERT INTO held_night VALUES ('101', '\(from)', '\(id)')",
            """
            INSERT OR REPLACE INTO idempotency (key, fingerprint, booking_id, answered_status, answered_version,
                expires_at\(scope == nil ? "" : ", scope"))
            VALUES ('\(key)', '\(request.fingerprint)', '\(id)', 'confirmed', 1,
                \(noon.microsecondsSinceEpoch + 1)\(scope.map { ", '\($0)'" } ?? ""))
            """
        )
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

    private func database(schema: Int) throws -> StaysDatabase {
        let file = try StaysDatabase(migrated: false)
        try file.file.migrate(Array(StaysStore.migrations.prefix(schema)))
        try file.execute("INSERT INTO room VALUES ('101', 'Garden Room', 2, 12000, 'EUR')")
        return file
    }

    @Test("what a release without scopes wrote under a key, also while both serve, answers every client as it did")
    func unscopedKeys() throws {
        let file = try database(schema: 1)
        let before = try bookAsBefore(wish(10), key: "before", scope: nil, in: file)
        try file.file.migrate()
        let during = try bookAsBefore(wish(20), key: "during", scope: nil, in: file)
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
        let before = try bookAsBefore(wish(10), key: "k", scope: "abc", in: file)
        #expect(try file.file.migrate() == .applied(["3 answers_as_json"]))
        let during = try bookAsBefore(wish(20), key: "l", scope: "abc", in: file)
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
}
