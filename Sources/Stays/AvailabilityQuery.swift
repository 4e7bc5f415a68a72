public import Values

/// Which rooms are free in all these nights and sleep so many guests? As it comes in a URL's query.
public struct AvailabilityQuery: Codable, CrossChecked, Hashable, Sendable {
    /// The day of arrival.
    public let from: CivilDate
    /// The day of departure.
    public let to: CivilDate
    /// How many people.
    public let guests: WholeNumber<1, 20>

    /// A question for these nights.
    public init(stay: Stay, guests: WholeNumber<1, 20>) {
        from = stay.from
        to = stay.to
        self.guests = guests
    }

    /// A departure after the arrival, and not too late.
    public func check(_ validator: inout Validator) { validator.requireStay(from: from, to: to) }

    /// Nobody can arrive before today.
    public func check(today: CivilDate, _ validator: inout Validator) {
        validator.require(from >= today, "from", BookingRefusal.pastArrivalDetail(today: today))
    }

    /// The nights, once ``check(_:)`` found nothing wrong.
    public var stay: Stay {
        guard let stay = Stay(from: from, to: to) else { preconditionFailure("a question that was checked has nights") }
        return stay
    }
}

extension Validator {
    /// The two dates of a stay.
    mutating func requireStay(from: CivilDate, to: CivilDate) {
        require(to > from, "to", "must be after from: it is the day of departure", given: "from")
        require(
            from.days(until: to) <= Stay.longest,
            "to",
            "must be at most \(Stay.longest) nights after from",
            given: "from"
        )
    }
}
