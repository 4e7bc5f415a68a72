import Stays
import Values

extension Room {
    /// In the order in which `init(row:)` reads them.
    static let columns = "id, name, capacity, price_per_night, currency"

    init(row: borrowing Row) throws(StoreError) {
        let id = try row.value(0, RoomID.init)
        let currency = try row.value(4, Currency.init)
        let price = Money(minorUnits: row.integer(3), currency: currency)
        let capacity = Int(truncatingIfNeeded: row.integer(2))
        guard let room = Room(id: id, name: try row.text(1), capacity: capacity, pricePerNight: price) else {
            throw row.corrupted(1)
        }
        self = room
    }
}
