public import SQL
public import Stays
import Values

extension Room {
    /// A row of the table `room`.
    init(_ row: borrowing Row) throws {
        let room = Room(
            id: try row["id"],
            name: try row["name"],
            capacity: try row["capacity"],
            pricePerNight: Money(minorUnits: try row["price_per_night"], currency: try row["currency"])
        )
        guard let room else { throw row.corrupted("name") }
        self = room
    }
}

extension Booking {
    /// A row of the table `booking`.
    init(_ row: borrowing Row) throws {
        let id: BookingID = try row["id"]
        let roomID: RoomID = try row["room_id"]
        guard let stay = Stay(from: try row["arrival"], to: try row["departure"]) else {
            throw row.corrupted("departure")
        }
        let guests: Int = try row["guests"]
        guard let guest = Guest(name: try row["guest_name"], email: try row["guest_email"]) else {
            throw row.corrupted("guest_name")
        }
        guard let request = BookingRequest(roomID: roomID, stay: stay, guests: guests, guest: guest) else {
            throw row.corrupted("guests")
        }
        let booking = Booking(
            id: id,
            request: request,
            total: Money(minorUnits: try row["total"], currency: try row["currency"]),
            status: try row["status"],
            version: try row["version"],
            createdAt: try row["created_at"]
        )
        guard let booking else { throw row.corrupted("version") }
        self = booking
    }
}

extension Booking.Status: ColumnValue {}

/// What is kept under an idempotency key: which booking, and those of its fields that later change, as they were answered.
struct BookingAnswer: Codable {
    let id: String
    let status: Booking.Status
    let version: Int

    init(_ booking: Booking) {
        id = booking.id.description
        status = booking.status
        version = booking.version
    }

    /// The booking as it was answered, made from how it is now.
    func booking(asKept booking: Booking) -> Booking? {
        Booking(
            id: booking.id,
            request: booking.request,
            total: booking.total,
            status: status,
            version: version,
            createdAt: booking.createdAt
        )
    }
}
