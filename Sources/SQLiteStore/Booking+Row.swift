import Stays
import Values

extension Booking {
    /// In the order in which `init(row:)` reads them and the store inserts them.
    static let columns =
        "id, room_id, arrival, departure, guests, guest_name, guest_email, total, currency, status, version, created_at"

    init(row: borrowing Row) throws(StoreError) {
        let id = try row.value(0) { BookingID($0) }
        let roomID = try row.value(1, RoomID.init)
        let arrival = try row.value(2) { CivilDate($0) }
        let departure = try row.value(3) { CivilDate($0) }
        guard let stay = Stay(from: arrival, to: departure) else { throw row.corrupted(3) }
        let email = try row.value(6, EmailAddress.init)
        guard let guest = Guest(name: try row.text(5), email: email) else { throw row.corrupted(5) }
        let guests = Int(truncatingIfNeeded: row.integer(4))
        guard let request = BookingRequest(roomID: roomID, stay: stay, guests: guests, guest: guest) else {
            throw row.corrupted(4)
        }
        let booking = Booking(
            id: id,
            request: request,
            total: Money(minorUnits: row.integer(7), currency: try row.value(8, Currency.init)),
            status: try row.value(9, Status.init),
            version: Int(truncatingIfNeeded: row.integer(10)),
            createdAt: Timestamp(microsecondsSinceEpoch: row.integer(11))
        )
        guard let booking else { throw row.corrupted(10) }
        self = booking
    }
}
