import Hummingbird

struct Money: Codable {
    let amount: String
    let currency: String

    init(cents: Int64, currency: String) {
        let fraction = String(cents % 100)
        amount = "\(cents / 100).\(fraction.count == 1 ? "0" + fraction : fraction)"
        self.currency = currency
    }
}

struct Room: ResponseEncodable {
    let id: String
    let name: String
    let capacity: Int
    let pricePerNight: Money
}

struct Guest: Codable {
    let name: String
    let email: String
}

struct BookingRequest: Decodable {
    let roomId: String
    let from: String
    let to: String
    let guests: Int
    let guest: Guest
}

struct Booking: ResponseEncodable {
    let id: String
    let roomId: String
    let from: String
    let to: String
    let guests: Int
    let guest: Guest
    let total: Money
    let status: String
    let version: Int
    let createdAt: String
}
