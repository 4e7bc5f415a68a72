public import Values

/// The port through which the service keeps rooms and bookings. Adapters pass the contract in `Tests/StoreContract`.
///
/// Calls are synchronous. Processes coordinate through the database behind it, never through memory. What a call has answered
/// as booked or cancelled survives a crash of the process and of the machine. A call that fails for reasons that are none of
/// the domain's throws the adapter's error, and has changed nothing.
public protocol StayStore {
    /// All rooms, by id.
    func rooms() throws -> [Room]

    /// One room, nil when there is none with this id.
    func room(_ id: RoomID) throws -> Room?

    /// The rooms that sleep so many guests and are free in all these nights, cheapest first, then by id.
    func availability(_ query: AvailabilityQuery) throws -> [Room]

    /// Books a room if ``BookingRequest/admitted(to:held:at:)`` allows it; the booking, its nights and the record of its key
    /// come to be together or not at all. A key that is on record decides before anything else does, today's date included.
    /// - Parameters:
    ///   - request: What to book.
    ///   - idempotency: The client's key, when it sent one. The first booking under a key of one scope is answered again, as
    ///     it was then, for `IdempotencyKey.lifetime` at least; a request that was refused leaves no record. Records that are
    ///     older by `now` may be given up, the oldest first, two with each new one at most: a clock that jumps ahead costs none
    ///     at a stroke.
    ///   - id: The name of the booking, should it come to be.
    ///   - now: When it is made.
    /// - Throws: `BookingRefusal`.
    func book(
        _ request: BookingRequest,
        idempotency: Idempotency?,
        id: BookingID,
        now: Timestamp
    ) throws -> Once<Booking>

    /// One booking, nil when there is none with this id.
    func booking(_ id: BookingID) throws -> Booking?

    /// Cancels a booking if it is at an expected version, and frees its nights. One that is cancelled stays as it is.
    func cancel(_ id: BookingID, expecting version: ExpectedVersion) throws -> CancellationOutcome

    /// A page of bookings, newest first. Bookings made meanwhile neither repeat nor hide one on a later page.
    func bookings(_ query: BookingQuery) throws -> Page<Booking, BookingID>

    /// Adds those rooms whose id the store does not know yet and leaves the others as they are.
    /// - Returns: How many were added.
    @discardableResult
    func add(_ rooms: [Room]) throws -> Int
}
