/// What became of a wish to cancel a booking.
public enum CancellationOutcome: Hashable, Sendable {
    /// The booking is cancelled, by this call or an earlier one, and its nights are free.
    case cancelled(Booking)

    /// The booking is not at a version that was expected: this is how it is now. Nothing was changed.
    case stale(Booking)

    /// There is no such booking.
    case unknown
}
