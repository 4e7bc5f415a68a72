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
        (own.map { RoomOffer(room: $0) } + offers).sorted { $0.rank < $1.rank }
    }
}

extension RoomOffer {
    fileprivate var rank: (String, Int64, String, RoomID) {
        (room.pricePerNight.currency.code, room.pricePerNight.minorUnits, hotel ?? "", room.id)
    }
}
