import Values

/// What partners have free, as far as they have answered.
public struct PartnerAvailability: Hashable, Sendable {
    /// Their rooms, in any order.
    public let offers: [RoomOffer]

    /// The names of those that did not answer in time or not sensibly, in the order in which partners are configured.
    public let incomplete: [String]

    /// So many rooms, and who is missing.
    public init(offers: [RoomOffer], incomplete: [String]) {
        self.offers = offers
        self.incomplete = incomplete
    }

    /// All offers, own ones included, cheapest first, then by hotel, ours before others, then by id. Prices in several
    /// currencies cannot be compared: those of one stand together, by its code.
    public func offers(with own: [Room]) -> [RoomOffer] {
        (own.map { RoomOffer(room: $0) } + offers).sorted { left, right in
            let (price, other) = (left.room.pricePerNight, right.room.pricePerNight)
            if price.currency != other.currency { return price.currency.code < other.currency.code }
            if price.minorUnits != other.minorUnits { return price.minorUnits < other.minorUnits }
            if left.hotel != right.hotel { return left.hotel ?? "" < right.hotel ?? "" }
            return left.room.id < right.room.id
        }
    }
}
