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

    /// What is asked for; nil when ``check(_:)`` finds something wrong. That the arrival is not in the past is judged where it is
    /// booked: a repeat of what was booked yesterday is right today.
    public var request: BookingRequest? {
        guard let stay = Stay(from: from, to: to), let guest = Guest(name: guest.name.text, email: guest.email) else {
            return nil
        }
        return BookingRequest(roomID: roomId, stay: stay, guests: guests.value, guest: guest)
    }
}

/// A question for free rooms as it comes in a URL's query.
public struct AvailabilityParameters: Codable, CrossChecked, Hashable, Sendable {
    /// The day of arrival.
    public let from: CivilDate
    /// The day of departure.
    public let to: CivilDate
    /// How many people.
    public let guests: WholeNumber<1, 20>

    /// A departure after the arrival, and not too late.
    public func check(_ validator: inout Validator) { validator.requireStay(from: from, to: to) }

    /// The question; nil when ``check(_:)`` finds something wrong.
    public var query: AvailabilityQuery? {
        Stay(from: from, to: to).flatMap { AvailabilityQuery(stay: $0, guests: guests.value) }
    }
}

/// A question for a page of bookings as it comes in a URL's query.
public struct PageParameters: Codable, Hashable, Sendable {
    /// At most so many bookings; `PageRequest.usualLimit` when nobody says.
    public let limit: WholeNumber<1, 100>?
    /// Where the page before ended.
    public let cursor: Cursor?
    /// Only bookings of this room.
    public let room: RoomID?

    /// The page wanted.
    public var request: PageRequest? {
        PageRequest(limit: limit?.value ?? PageRequest.usualLimit, cursor: cursor, roomID: room)
    }
}

extension Validator {
    fileprivate mutating func requireStay(from: CivilDate, to: CivilDate) {
        require(to > from, "to", "must be after from: it is the day of departure", given: "from")
        require(
            from.days(until: to) <= Stay.longest,
            "to",
            "must be at most \(Stay.longest) nights after from",
            given: "from"
        )
    }
}

extension Cursor: Validated {
    /// The text that clients hand back.
    public var raw: String { description }
    /// Nothing that a client could make by itself.
    public static let expectation = "must be the `next` of the page before, unchanged"
    /// After the newest booking that there can be.
    public static let example = Cursor(after: BookingID(bits: .max))
}
