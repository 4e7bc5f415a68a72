public import Values

/// A wish to book, valid in itself: whether the room exists, is large enough and free, only the store can tell, and whether
/// the arrival is not in the past only the moment of booking.
public struct BookingRequest: Hashable, Sendable {
    /// The room.
    public let roomID: RoomID

    /// The nights.
    public let stay: Stay

    /// How many people will sleep there: 1 to `Room.largestCapacity`.
    public let guests: Int

    /// Who books.
    public let guest: Guest

    /// Nil unless 1 to `Room.largestCapacity` guests are meant.
    public init?(roomID: RoomID, stay: Stay, guests: Int, guest: Guest) {
        guard (1...Room.largestCapacity).contains(guests) else { return nil }
        self.roomID = roomID
        self.stay = stay
        self.guests = guests
        self.guest = guest
    }

    /// Whether it is too late to book at this moment: the day of arrival is over, in UTC.
    public func isPast(at now: Timestamp) -> Bool { stay.from < now.date }
}

extension BookingRequest {
    /// What it is known by beside an idempotency key. Records of it outlive a release: append fields, reorder none.
    public var fingerprint: Fingerprint {
        Fingerprint(fields: [
            roomID.text, stay.from.description, stay.to.description, String(guests), guest.name, guest.email.text,
        ])
    }
}
