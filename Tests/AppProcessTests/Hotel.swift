import Glibc

@testable import ProcessHarness

/// What the tests know of the seeded hotel: its rooms, nights to come, and how to book them.
struct Hotel: Sendable {
    let rooms: [String]

    init(of service: Service) throws {
        let answer = try service.answer(.get("/v1/rooms"))
        rooms = answer.json?["rooms"]?.array?.compactMap { $0["id"]?.string } ?? []
        guard rooms.count >= 2 else {
            throw Spawned.Failure(description: "the seeded hotel has no rooms: \(answer.status) \(answer.text)")
        }
    }

    /// The date that many days from today, so that no test ever books the past.
    static func date(inDays days: Int) -> String {
        var seconds = time(nil) + days * 86_400
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }
        return "\(parts.tm_year + 1900)-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
    }

    static func booking(
        of room: String,
        inDays days: Int,
        nights: Int = 1,
        guests: Int = 1,
        key: String? = nil,
        padding: Int = 0
    ) -> Request {
        .post(
            "/v1/bookings",
            json: """
                {"roomId":"\(room)","from":"\(date(inDays: days))","to":"\(date(inDays: days + nights))",\
                "guests":\(guests),"guest":{"name":"Ada Lovelace","email":"ada@example.org"}}
                """ + String(repeating: " ", count: padding),
            key.map { [("Idempotency-Key", $0)] } ?? []
        )
    }

    /// All bookings, through the cursor pages.
    static func allBookings(of service: Service) throws -> [JSON] {
        var bookings: [JSON] = []
        var target = "/v1/bookings?limit=100"
        while true {
            let answer = try service.answer(.get(target))
            guard answer.status == 200, let page = answer.json, let found = page["bookings"]?.array else {
                throw Spawned.Failure(description: "no page of bookings: \(answer.status) \(answer.text)")
            }
            bookings += found
            guard let next = page["next"]?.string else { return bookings }
            target = "/v1/bookings?limit=100&cursor=\(next)"
        }
    }

    /// Rooms and nights that more than one confirmed booking holds: must be none.
    static func doubledNights(in bookings: [JSON]) -> [String] {
        var taken: [String: Int] = [:]
        for booking in bookings where booking["status"]?.string == "confirmed" {
            let room = booking["roomId"]?.string ?? "?"
            var night = booking["from"]?.string ?? "?"
            let end = booking["to"]?.string ?? "?"
            while night < end {
                taken["\(room) \(night)", default: 0] += 1
                night = dayAfter(night)
            }
        }
        return taken.filter { $0.value > 1 }.map(\.key).sorted()
    }

    private static func dayAfter(_ date: String) -> String {
        let numbers = date.split(separator: "-").compactMap { Int32($0) }
        guard numbers.count == 3 else { return "9999-99-99" }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        let days = (timegm(&parts) - (time(nil) / 86_400) * 86_400) / 86_400
        return Hotel.date(inDays: days + 1)
    }
}
