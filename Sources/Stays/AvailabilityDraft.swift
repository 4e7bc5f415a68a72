public import Values

/// A question for free rooms as it came in a URL's query, nothing checked yet.
public struct AvailabilityDraft: Sendable {
    /// Field `from`: the day of arrival.
    public var from: String?
    /// Field `to`: the day of departure.
    public var to: String?
    /// Field `guests`, in digits.
    public var guests: String?

    /// A draft of what came in; what did not come is nil.
    public init(from: String?, to: String?, guests: String?) {
        self.from = from
        self.to = to
        self.guests = guests
    }

    /// The nights and the number of guests, when every field is right.
    /// - Parameter today: The day before which nobody can arrive.
    /// - Throws: All faults at once, each field named.
    public func query(today: CivilDate) throws(InvalidInput) -> AvailabilityQuery {
        var review = Review()
        let stay = review.requireStay(from: from, to: to, notBefore: today)
        let guests = review.requireGuests(guests.map { Int(digits: $0) ?? 0 })
        try review.finish()
        guard let stay, let guests, let query = AvailabilityQuery(stay: stay, guests: guests) else {
            preconditionFailure("a draft without a fault makes a query")
        }
        return query
    }
}
