public import Values

/// The port through which the service keeps rooms and bookings. Adapters pass the contract in `Tests/StoreContract`.
///
/// Calls are synchronous. A store belongs to one thread and is opened after the fork: it is not `Sendable`, and processes
/// coordinate through the database behind it, never through memory. What a call has answered as booked or cancelled
/// survives a crash of the process and of the machine.
public protocol StayStore: AnyObject {
    /// Until when calls may wait for others, such as the deadline of the request being served. Nil: as long as the
    /// adapter thinks right. A call that is still waiting then throws `StoreError.busy`; one that has written completes.
    var deadline: SuspendingClock.Instant? { get set }

    /// The calls from here to ``endBatch()`` serve requests that have all been received: their reads may share one
    /// snapshot, taken with the first of them, and taken anew after each write. For adapters to which a snapshot is dear.
    func beginBatch()

    /// Gives the shared snapshot back. Without one, or twice, it does nothing.
    func endBatch()

    /// Whether the store can be reached and its schema fits this release. Never throws: it is what /readyz tells.
    func readiness() -> StoreReadiness

    /// All rooms, by id.
    func rooms() throws(StoreError) -> [Room]

    /// One room, nil when there is none with this id.
    func room(_ id: RoomID) throws(StoreError) -> Room?

    /// The rooms that sleep so many guests and are free in all these nights, cheapest first, then by id.
    func availability(_ query: AvailabilityQuery) throws(StoreError) -> [Room]

    /// Books a room if it exists, is large enough and is free in all nights, and the arrival is not in the past; the
    /// booking, its nights and the record of its key come to be together or not at all. A key that is on record decides
    /// before anything else does, today's date included.
    /// - Parameters:
    ///   - request: What to book.
    ///   - idempotency: The client's key, when it sent one. The first booking under a key of one scope is answered again for
    ///     `IdempotencyKey.lifetime` at least; a request that was refused leaves no record. Records that are older by `now`
    ///     may be given up, the oldest first, two with each new one at most: a clock that jumps ahead costs none at a stroke.
    ///   - id: The name of the booking, should it come to be.
    ///   - now: When it is made.
    func book(
        _ request: BookingRequest,
        idempotency: Idempotency?,
        id: BookingID,
        now: Timestamp
    ) throws(StoreError) -> BookingOutcome

    /// One booking, nil when there is none with this id.
    func booking(_ id: BookingID) throws(StoreError) -> Booking?

    /// Cancels a booking if it is at an expected version, and frees its nights. One that is cancelled stays as it is.
    func cancel(_ id: BookingID, expecting version: ExpectedVersion) throws(StoreError) -> CancellationOutcome

    /// A page of bookings, newest first. Bookings made meanwhile neither repeat nor hide one on a later page.
    func bookings(_ page: PageRequest) throws(StoreError) -> BookingPage

    /// Adds those rooms whose id the store does not know yet and leaves the others as they are.
    /// - Returns: How many were added.
    @discardableResult
    func add(_ rooms: [Room]) throws(StoreError) -> Int
}

extension StayStore {
    /// Each read for itself.
    public func beginBatch() {}
    /// Nothing is held.
    public func endBatch() {}
}
