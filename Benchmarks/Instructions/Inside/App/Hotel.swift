import Prefork
import SQL
import Stays
import StaysStore
import Values

/// The sample hotel in a database in the working directory: twelve rooms, three hundred bookings.
enum Hotel {
    static let today = CivilDate(year: 2030, month: 1, day: 1) ?? CivilDate(unixSeconds: 0)
    private static let bookings = 300

    /// Makes the database. Its content is the same each time.
    static func build() throws {
        _ = try Migrator(url(), migrations: StaysStore.migrations).migrate()
        let store = try store()
        try store.add(SampleHotel.rooms)
        var generator = SequentialNumbers()
        for number in 0..<bookings {
            // One after the other in each room, so that all are possible.
            let room = SampleHotel.rooms[number % SampleHotel.rooms.count]
            let arrival = today.adding(days: 30 + number / SampleHotel.rooms.count * 2)?.description
            let departure = today.adding(days: 32 + number / SampleHotel.rooms.count * 2)?.description
            let draft = BookingDraft(
                roomID: room.id.text,
                from: arrival,
                to: departure,
                guests: 1,
                guestName: "Guest \(number)",
                guestEmail: "guest-\(number)@example.org"
            )
            let now = Timestamp(unixSeconds: today.unixSeconds + Int64(number))
            let id = BookingID(madeAt: now, using: &generator)
            let outcome = try store.book(try draft.request(), idempotency: nil, id: id, now: now)
            guard case .done = outcome else { preconditionFailure("the nights are free") }
        }
    }

    /// What the routes need.
    static func services() throws -> Services {
        let url = try url()
        let now = Timestamp(unixSeconds: today.unixSeconds)
        return Services(
            databases: PerThread { Database(url, migrations: StaysStore.migrations) },
            store: { StaysStore($0) },
            now: { now },
            isLeaving: { false },
            apiKeys: []
        )
    }

    /// The database, open.
    static func store() throws -> StaysStore {
        let database = Database(try url(), migrations: StaysStore.migrations)
        try database.open()
        return StaysStore(database)
    }

    static func newestBooking() throws -> Booking {
        guard let page = PageRequest(limit: 1), let booking = try store().bookings(page).bookings.first else {
            preconditionFailure("`Instructions prepare` comes first")
        }
        return booking
    }

    private static func url() throws -> DatabaseURL { try DatabaseURL("sqlite:instructions.sqlite") }
}

/// The same identifiers in each database.
private struct SequentialNumbers: RandomNumberGenerator {
    private var number: UInt64 = 0

    mutating func next() -> UInt64 {
        number += 0x9E37_79B9_7F4A_7C15 & 0xFFFF_FFFF
        return number
    }
}

extension CivilDate {
    fileprivate var unixSeconds: Int64 {
        Int64((CivilDate(unixSeconds: 0).days(until: self))) * 86_400
    }
}
