import Foundation
import GRDB
import Hummingbird

/// Rooms and bookings by one serialized connection with cached statements. Its calls are the synchronous ones: on one
/// core they are cheaper than hopping to a queue and back.
struct HotelStore: Sendable {
    private let database: DatabaseQueue

    init(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
        }
        database = try DatabaseQueue(path: path, configuration: configuration)
    }

    func room(id: String) throws -> Room? {
        try database.read { db in
            try row(of: id, db).map { row in
                Room(
                    id: row[0],
                    name: row[1],
                    capacity: row[2],
                    pricePerNight: Money(cents: row[3], currency: row[4])
                )
            }
        }
    }

    func book(_ wish: BookingRequest) throws -> Booking {
        let nights = try nights(of: wish)
        let now = Date()
        let micros = Int64(now.timeIntervalSince1970 * 1e6)
        let id = String(micros, radix: 16) + String(UInt64.random(in: 0 ... .max), radix: 16)
        return try database.writeWithoutTransaction { db in
            var booking: Booking?
            try db.inTransaction(.immediate) {
                guard let room = try row(of: wish.roomId, db), wish.guests <= room[2] else {
                    throw HTTPError(.unprocessableContent)
                }
                let held = try Int.fetchOne(
                    db.cachedStatement(
                        sql: "SELECT count(*) FROM held_night WHERE room_id = ? AND night >= ? AND night < ?"
                    ),
                    arguments: [wish.roomId, wish.from, wish.to]
                )
                guard held == 0 else { throw HTTPError(.conflict) }

                let total = room[3] as Int64 * Int64(nights.count)
                let currency: String = room[4]
                try db.cachedStatement(
                    sql: """
                        INSERT INTO booking (id, room_id, arrival, departure, guests, guest_name, guest_email, total,
                            currency, status, version, created_at)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'confirmed', 1, ?)
                        """
                ).execute(arguments: [
                    id, wish.roomId, wish.from, wish.to, wish.guests, wish.guest.name, wish.guest.email, total,
                    currency, micros,
                ])
                let holdNight = try db.cachedStatement(
                    sql: "INSERT INTO held_night (room_id, night, booking_id) VALUES (?, ?, ?)"
                )
                for night in nights { try holdNight.execute(arguments: [wish.roomId, night, id]) }

                booking = Booking(
                    id: id,
                    roomId: wish.roomId,
                    from: wish.from,
                    to: wish.to,
                    guests: wish.guests,
                    guest: wish.guest,
                    total: Money(cents: total, currency: currency),
                    status: "confirmed",
                    version: 1,
                    createdAt: now.ISO8601Format()
                )
                return .commit
            }
            return booking!
        }
    }

    private func row(of id: String, _ db: Database) throws -> Row? {
        let statement = try db.cachedStatement(
            sql: "SELECT id, name, capacity, price_per_night, currency FROM room WHERE id = ?"
        )
        return try Row.fetchOne(statement, arguments: [id])
    }

    private func nights(of wish: BookingRequest) throws -> [String] {
        let style = Date.ISO8601FormatStyle().year().month().day()
        guard let from = try? style.parse(wish.from), let to = try? style.parse(wish.to),
            case let count = Int(to.timeIntervalSince(from) / 86_400), (1...30).contains(count),
            from > Date().addingTimeInterval(-86_400), wish.guests >= 1,
            !wish.guest.name.isEmpty, wish.guest.email.contains("@")
        else { throw HTTPError(.unprocessableContent) }
        return (0..<count).map { from.addingTimeInterval(Double($0) * 86_400).formatted(style) }
    }
}
