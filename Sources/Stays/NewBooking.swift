public import Values

/// A wish to book as clients send it: the name, type and rule of each field.
public struct NewBooking: Codable, CrossChecked, Hashable, Sendable {
    /// The room.
    public let roomId: RoomID
    /// The day of arrival.
    public let from: CivilDate
    /// The day of departure.
    public let to: CivilDate
    /// How many people will sleep there.
    public let guests: WholeNumber<1, 20>
    /// Who books.
    public let guest: NewGuest

    /// Who books, as clients send it.
    public struct NewGuest: Codable, Hashable, Sendable {
        /// The name. That something of it is visible is asked of new names only: what a store kept from earlier releases stays
        /// readable.
        public let name: Text<100>
        /// Where the guest can be reached.
        public let email: EmailAddress
    }

    /// A departure after the arrival, and not too late.
    public func check(_ validator: inout Validator) { validator.requireStay(from: from, to: to) }

    /// What is asked for, once ``check(_:)`` found nothing wrong. That the arrival is not in the past is judged where it is
    /// booked: a repeat of what was booked yesterday is right today.
    public var request: BookingRequest {
        guard let stay = Stay(from: from, to: to), let guest = Guest(name: guest.name.text, email: guest.email),
            let request = BookingRequest(roomID: roomId, stay: stay, guests: guests.value, guest: guest)
        else { preconditionFailure("a wish that was checked is a request") }
        return request
    }
}
