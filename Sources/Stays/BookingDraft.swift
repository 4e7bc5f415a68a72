public import Values

/// A wish to book as it came in, nothing checked yet.
///
/// ```swift
/// let draft = BookingDraft(roomID: "101", from: "2027-01-10", to: "2027-01-09", guests: 2)
/// try draft.request()  // InvalidInput: to must be after from …; guest.name is missing …
/// ```
public struct BookingDraft: Sendable {
    /// Field `roomId`.
    public var roomID: String?
    /// Field `from`: the day of arrival.
    public var from: String?
    /// Field `to`: the day of departure.
    public var to: String?
    /// Field `guests`.
    public var guests: Int?
    /// Field `guest.name`.
    public var guestName: String?
    /// Field `guest.email`.
    public var guestEmail: String?

    /// Fields already found faulty by whoever read the input (a number where text belongs). They are reported as they are
    /// and not judged again.
    public var faults: [FieldError]

    /// A draft of what came in; what did not come is nil.
    public init(
        roomID: String? = nil,
        from: String? = nil,
        to: String? = nil,
        guests: Int? = nil,
        guestName: String? = nil,
        guestEmail: String? = nil,
        faults: [FieldError] = []
    ) {
        self.roomID = roomID
        self.from = from
        self.to = to
        self.guests = guests
        self.guestName = guestName
        self.guestEmail = guestEmail
        self.faults = faults
    }

    /// The request, when every field is right in itself. That the arrival is not in the past is judged where it is booked:
    /// a repeat of what was booked yesterday is right today.
    /// - Throws: All faults at once, each field named.
    public func request() throws(InvalidInput) -> BookingRequest {
        var review = Review(known: faults)
        let roomID = review.require("roomId", roomID, "must be the id of a room") { RoomID($0) }
        let stay = review.requireStay(from: from, to: to)
        let guests = review.requireGuests(guests)
        let name = review.require(
            "guest.name",
            guestName,
            "must be 1 to \(Guest.longestName) characters on one line, one of them visible"
        ) { raw in
            // Asked of new names only: what a store kept from earlier releases stays readable.
            SingleLine(raw, limit: Guest.longestName).flatMap { $0.isVisible ? $0.text : nil }
        }
        let email = review.require("guest.email", guestEmail, "must be an e-mail address such as ada@example.org") {
            EmailAddress($0)
        }
        try review.finish()
        guard let roomID, let stay, let guests, let name, let email, let guest = Guest(name: name, email: email),
            let request = BookingRequest(roomID: roomID, stay: stay, guests: guests, guest: guest)
        else { preconditionFailure("a draft without a fault makes a request") }
        return request
    }
}
