public import Values

/// A place in the list of bookings: after the last one of a page. Clients hand it back as it is and read nothing in it.
public struct Cursor: Hashable, Sendable {
    /// The last booking that was seen.
    public let lastSeen: BookingID

    /// The place after this booking.
    public init(after booking: BookingID) {
        lastSeen = booking
    }

    /// Reads what `description` wrote; nil for anything else.
    public init?(_ text: String) {
        guard let id = BookingID(text) else { return nil }
        lastSeen = id
    }
}

extension Cursor: CustomStringConvertible {
    /// The text that clients hand back, safe in a URL.
    public var description: String { lastSeen.description }
}
