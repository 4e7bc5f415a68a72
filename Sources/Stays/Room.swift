public import Values

/// A room that can be booked night by night.
public struct Room: Encodable, Hashable, Sendable {
    /// Its name in URLs.
    public let id: RoomID

    /// Its name for people: trimmed, 1 to 80 characters on one line.
    public let name: String

    /// How many guests it sleeps: 1 to 20.
    public let capacity: Int

    /// The price of one night: not negative, at most `highestPrice`.
    public let pricePerNight: Money

    /// The most guests a room can sleep.
    public static let largestCapacity = 20

    /// The highest price of a night, in minor units. The longest stay at this price still fits `Money` by far.
    public static let highestPrice: Int64 = 1_000_000_000_000

    /// Nil unless every value is as its property says.
    public init?(id: RoomID, name: String, capacity: Int, pricePerNight: Money) {
        guard let name = SingleLine(name, limit: 80) else { return nil }
        guard (1...Self.largestCapacity).contains(capacity) else { return nil }
        guard (0...Self.highestPrice).contains(pricePerNight.minorUnits) else { return nil }
        self.id = id
        self.name = name.text
        self.capacity = capacity
        self.pricePerNight = pricePerNight
    }

    /// What a stay costs: the price of a night times the nights.
    public func price(of stay: Stay) -> Money {
        // Fits by the bounds on price and nights.
        Money(minorUnits: pricePerNight.minorUnits * Int64(stay.nights), currency: pricePerNight.currency)
    }
}
