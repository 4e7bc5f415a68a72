import Stays
import Values

/// A store that does one thing: fail as told, or say whether it is ready.
final class StubStore: StayStore {
    var deadline: SuspendingClock.Instant?
    private let failure: StoreError?
    private let state: StoreReadiness

    init(failure: StoreError? = nil, readiness: StoreReadiness = .ready) {
        self.failure = failure
        state = readiness
    }

    func readiness() -> StoreReadiness { state }

    func rooms() throws(StoreError) -> [Room] { try answer(SampleHotel.rooms) }

    func room(_ id: RoomID) throws(StoreError) -> Room? { try answer(SampleHotel.rooms.first { $0.id == id }) }

    func availability(_ query: AvailabilityQuery) throws(StoreError) -> [Room] { try answer([]) }

    func book(
        _ request: BookingRequest,
        idempotency: Idempotency?,
        id: BookingID,
        now: Timestamp
    ) throws(StoreError) -> BookingOutcome {
        try answer(.unknownRoom)
    }

    func booking(_ id: BookingID) throws(StoreError) -> Booking? { try answer(nil) }

    func cancel(_ id: BookingID, expecting version: ExpectedVersion) throws(StoreError) -> CancellationOutcome {
        try answer(.unknown)
    }

    func bookings(_ page: PageRequest) throws(StoreError) -> BookingPage {
        try answer(BookingPage(bookings: [], next: nil))
    }

    func add(_ rooms: [Room]) throws(StoreError) -> Int { try answer(0) }

    private func answer<Value>(_ value: Value) throws(StoreError) -> Value {
        if let failure { throw failure }
        return value
    }
}
