public import Values

/// What became of a wish to cancel a booking.
public enum CancellationOutcome: Hashable, Sendable {
    /// The booking is cancelled, by this call or an earlier one, and its nights are free.
    case cancelled(Booking)

    /// The booking is not at a version that was expected: this is how it is now. Nothing was changed.
    case stale(Booking)

    /// There is no such booking.
    case unknown
}

extension CancellationOutcome {
    /// May this be cancelled? The one rule, for whoever reads the booking; nil when there is none. What is to be kept is the
    /// booking of `cancelled`, unless it is the same as before.
    public init(of booking: Booking?, expecting version: ExpectedVersion) {
        guard let booking else {
            self = .unknown
            return
        }
        self = version.includes(booking.version) ? .cancelled(booking.cancelled()) : .stale(booking)
    }
}
