public import Values

/// What became of a wish to book.
public enum BookingOutcome: Hashable, Sendable {
    /// The room is held; the booking will survive a crash.
    case booked(Booking)

    /// The same key came with the same request before: the booking as it was first answered. Nothing was changed.
    case replayed(Booking)

    /// The same key came with another request before. Nothing was changed.
    case keyReused

    /// The arrival is before today, the day in UTC when it was asked for. Nothing was changed.
    case pastArrival(today: CivilDate)

    /// These nights of the stay are held by others; at least one, in order. Nothing was changed.
    case nightsTaken([CivilDate])

    /// The room sleeps only so many guests. Nothing was changed.
    case overCapacity(Int)

    /// There is no such room. Nothing was changed.
    case unknownRoom
}
