/// Which rooms are free in all these nights and sleep so many guests?
public struct AvailabilityQuery: Hashable, Sendable {
    /// The nights.
    public let stay: Stay

    /// How many people: 1 to `Room.largestCapacity`.
    public let guests: Int

    /// Nil unless 1 to `Room.largestCapacity` guests are meant.
    public init?(stay: Stay, guests: Int) {
        guard (1...Room.largestCapacity).contains(guests) else { return nil }
        self.stay = stay
        self.guests = guests
    }
}
