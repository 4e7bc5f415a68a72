import Jobs
import Stays
import StaysStore
import StoreContract
import TestDatabases
import Testing
import Values

@testable import SQL

@Suite("News of bookings")
struct NewsTests {
    private func news(_ database: Database) throws -> [String] {
        try database.all("SELECT kind || ' ' || payload || ' ' || ordering_key AS line FROM job ORDER BY id") { row in
            try row["line"]
        }
    }

    @Test("are kept with what they tell of, in its order, and only where somebody is to be told", arguments: Store.all)
    func kept(on kind: Store) throws {
        let file = try StaysDatabase(on: kind)
        let (silent, database) = try file.store()
        try silent.add(SampleHotel.rooms)
        let telling = StaysStore(database, newsAt: { noon })
        let ids = [BookingID(madeAt: noon), BookingID(madeAt: noon)]
        _ = try silent.book(try wish(10), idempotency: nil, id: ids[0], now: noon)
        _ = try silent.cancel(ids[0], expecting: .any)
        #expect(try news(database).isEmpty)

        _ = try telling.book(try wish(10), idempotency: nil, id: ids[1], now: noon)
        // Who is refused, and who cancels what is cancelled, is no news.
        #expect(throws: BookingRefusal.self) {
            try telling.book(try wish(10), idempotency: nil, id: BookingID(madeAt: noon), now: noon)
        }
        for _ in 0..<2 { _ = try telling.cancel(ids[1], expecting: .any) }
        let news = try news(database)
        #expect(news.count == 2)
        for (line, words) in zip(news, [["confirmed", "\"version\":1"], ["cancelled", "\"version\":2"]]) {
            for word in words + [BookingNews.kind, "booking \(ids[1])", "\"bookingID\":\"\(ids[1])\""] {
                #expect(line.contains(word), "\(line)")
            }
        }
    }

    @Test("cost a booking on PostgreSQL no round trip")
    func roundTrips() throws {
        guard Store.all.contains(.postgreSQL) else { return }
        let file = try StaysDatabase(on: .postgreSQL)
        let (silent, database) = try file.store()
        try silent.add(SampleHotel.rooms)
        let store = StaysStore(database, newsAt: { noon })
        guard case .postgreSQL(let connection) = try database.openConnection() else { return }
        for day in [10, 15] {
            let before = connection.roundTrips
            _ = try store.book(try wish(day), idempotency: nil, id: BookingID(madeAt: noon), now: noon)
            #expect(connection.roundTrips - before == 2)
        }
    }

    @Test("what is left of expired keys is swept, once a whole lifetime has passed", arguments: Store.all)
    func sweep(on kind: Store) throws {
        let file = try StaysDatabase(on: kind)
        let (store, database) = try file.store()
        try store.add(SampleHotel.rooms)
        let request = try wish(10)
        let key = Idempotency(key: try #require(IdempotencyKey("k")), fingerprint: request.fingerprint)
        _ = try store.book(request, idempotency: key, id: BookingID(madeAt: noon), now: noon)
        let lifetime = IdempotencyKey.lifetime
        #expect(try database.deleteExpiredIdempotencyKeys(at: noon.adding(lifetime * 2 - .seconds(1))) == 0)
        #expect(try database.deleteExpiredIdempotencyKeys(at: noon.adding(lifetime * 2)) == 1)
        #expect(try database.deleteExpiredIdempotencyKeys(at: noon.adding(lifetime * 2)) == 0)
    }
}
