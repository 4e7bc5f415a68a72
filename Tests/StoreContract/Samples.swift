import Stays
import Values

// Values the checks work with. Each of them is valid; `!` would only hide a mistake made here.

func sampleRoom(_ id: String, sleeps capacity: Int = 2, cents: Int64 = 100_00) throws -> Room {
    let price = Money(minorUnits: cents, currency: .euro)
    return try unwrap(Room(id: unwrap(RoomID(id)), name: "Room \(id)", capacity: capacity, pricePerNight: price))
}

func sampleGuest(_ name: String = "Ada Lovelace", _ email: String = "ada@example.org") throws -> Guest {
    try unwrap(Guest(name: name, email: unwrap(EmailAddress(email))))
}

func stay(_ from: String, _ to: String) throws -> Stay {
    try unwrap(Stay(from: unwrap(CivilDate(from)), to: unwrap(CivilDate(to))))
}

func days(_ days: String...) throws -> [CivilDate] {
    try days.map { try unwrap(CivilDate($0)) }
}

func wish(
    _ room: String = "101",
    _ from: String = "2027-01-10",
    _ to: String = "2027-01-12",
    guests: Int = 2,
    guest: Guest? = nil
) throws -> BookingRequest {
    let guest = try guest ?? sampleGuest()
    return try unwrap(BookingRequest(roomID: unwrap(RoomID(room)), stay: stay(from, to), guests: guests, guest: guest))
}

func key(_ text: String, for request: BookingRequest) throws -> Idempotency {
    Idempotency(key: try unwrap(IdempotencyKey(text)), fingerprint: request.fingerprint)
}

/// 2026-11-24T03:14:15.123456Z, the moment at which the checks book.
let noon = Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456)

/// All that can become of a wish to book, refusals included, as one value.
enum BookingOutcome: Hashable {
    case booked(Booking)
    case replayed(Booking)
    case keyReused
    case pastArrival(today: CivilDate)
    case nightsTaken([CivilDate])
    case overCapacity(Int)
    case unknownRoom
}

extension StayStore {
    /// Books without a key under a fresh identifier, and expects that to succeed.
    @discardableResult
    func mustBook(_ request: BookingRequest, at now: Timestamp = noon, line: UInt = #line) throws -> Booking {
        let outcome = try ask(request, at: now)
        guard case .booked(let booking) = outcome else {
            throw ContractViolation(description: "expected a booking, the store says \(outcome) (line \(line))")
        }
        return booking
    }

    /// Asks for a booking, under a fresh identifier if no other is given.
    func ask(
        _ request: BookingRequest,
        _ idempotency: Idempotency? = nil,
        id: BookingID? = nil,
        at now: Timestamp = noon
    ) throws -> BookingOutcome {
        do {
            switch try book(request, idempotency: idempotency, id: id ?? BookingID(madeAt: now), now: now) {
            case .done(let booking): return .booked(booking)
            case .replayed(let booking): return .replayed(booking)
            case .keyReused: return .keyReused
            }
        } catch BookingRefusal.pastArrival(let today) {
            return .pastArrival(today: today)
        } catch BookingRefusal.unknownRoom {
            return .unknownRoom
        } catch BookingRefusal.overCapacity(let capacity) {
            return .overCapacity(capacity)
        } catch BookingRefusal.nightsTaken(let nights, of: let room) {
            try expectEqual(room, request.roomID)
            return .nightsTaken(nights)
        }
    }

    /// The ids of the rooms that are free.
    func free(_ from: String, _ to: String, guests: Int = 1) throws -> [String] {
        try availability(AvailabilityQuery(stay: stay(from, to), guests: unwrap(WholeNumber(guests)))).map(\.id.text)
    }

    /// All bookings, newest first, gathered page by page.
    func everything(limit: Int = 100, room: RoomID? = nil) throws -> [Booking] {
        var all: [Booking] = []
        var cursor: PageCursor<BookingID>?
        repeat {
            let page = try bookings(BookingQuery(limit: PageLimit(limit), cursor: cursor, room: room))
            try expect(page.elements.count <= limit, "a page holds at most its limit")
            all += page.elements
            cursor = page.next
        } while cursor != nil
        return all
    }
}
