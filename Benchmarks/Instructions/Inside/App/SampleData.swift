import HTTPServer
import Linux
import Logging
import Panal
import Prefork
import SQL
import Stays
import StaysStore
import Values

/// The sample hotel in a database in the working directory: twelve rooms, three hundred bookings.
enum SampleData {
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
            let first = 30 + number / SampleHotel.rooms.count * 2
            guard let arrival = today.adding(days: first), let departure = today.adding(days: first + 2),
                let stay = Stay(from: arrival, to: departure),
                let email = EmailAddress("guest-\(number)@example.org"),
                let guest = Guest(name: "Guest \(number)", email: email),
                let request = BookingRequest(roomID: room.id, stay: stay, guests: 1, guest: guest)
            else { preconditionFailure("two nights for one are a request") }
            let now = Timestamp(unixSeconds: today.unixSeconds + Int64(number))
            let id = BookingID(madeAt: now, using: &generator)
            let outcome = try store.book(request, idempotency: nil, id: id, now: now)
            guard case .done = outcome else { preconditionFailure("the nights are free") }
        }
    }

    /// A connection for each thread.
    static func databases() throws -> PerThread<Database> {
        let url = try url()
        return PerThread { Database(url, migrations: StaysStore.migrations) }
    }

    /// All routes, on the database.
    static func router(_ databases: PerThread<Database>) throws -> Router {
        try Measured.router(of: MeasuredService.self, [:], databases: databases, logger: .json(level: .error))
    }

    /// The database, open.
    static func store() throws -> StaysStore {
        let database = Database(try url(), migrations: StaysStore.migrations)
        try database.open()
        return StaysStore(database)
    }

    static func newestBooking() throws -> Booking {
        guard let booking = try store().bookings(BookingQuery(limit: PageLimit(1))).elements.first else {
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

/// The service that the template is, with a clock that stands still.
private enum MeasuredService: Service {
    static let info = ServiceInfo(name: "panal", summary: "", revision: "", date: "")
    static let migrations: [Migration]? = StaysStore.migrations

    static func addRoutes(to router: inout Router, _ dependencies: Dependencies<NoSettings>) {
        let now = Timestamp(unixSeconds: SampleData.today.unixSeconds)
        let hotel = Hotel(store: { request in StaysStore(dependencies.database(for: request)) }, now: { now })
        router.addHotel(hotel)
    }
}
