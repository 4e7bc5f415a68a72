import SQL
import Stays
import Values

/// A store that does as told: it fails, or these rooms are free.
struct StubStore: StayStore {
    var failure: DatabaseError?
    var free: [Room] = []

    func rooms() throws -> [Room] { try answer(SampleHotel.rooms) }

    func room(_ id: RoomID) throws -> Room? { try answer(SampleHotel.rooms.first { $0.id == id }) }

    func availability(_ query: AvailabilityQuery) throws -> [Room] { try answer(free) }

    func book(
        _ request: BookingRequest,
        idempotency: Idempotency?,
        id: BookingID,
        now: Timestamp
    ) throws -> Once<Booking> {
        try answer(.keyReused)
    }

    func booking(_ id: BookingID) throws -> Booking? { try answer(nil) }

    func cancel(_ id: BookingID, expecting version: ExpectedVersion) throws -> CancellationOutcome {
        try answer(.unknown)
    }

    func bookings(_ query: BookingQuery) throws -> Page<Booking, BookingID> {
        try answer(Page(elements: [], next: nil))
    }

    func add(_ rooms: [Room]) throws -> Int { try answer(0) }

    private func answer<Value>(_ value: Value) throws -> Value {
        if let failure { throw failure }
        return value
    }
}
