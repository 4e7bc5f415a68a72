public import Values

/// The nights from an arrival up to, not including, a departure: 1 to 30 of them.
///
/// Two stays that touch share no night: the departing guest leaves before the arriving one comes.
public struct Stay: Hashable, Sendable {
    /// The day of arrival, also the first night.
    public let from: CivilDate

    /// The day of departure, the first night that is no longer part of the stay.
    public let to: CivilDate

    /// The longest stay, in nights. It bounds what one booking can hold back and what one transaction must write.
    public static let longest = 30

    /// Nil unless the departure comes 1 to 30 days after the arrival.
    public init?(from: CivilDate, to: CivilDate) {
        guard (1...Self.longest).contains(from.days(until: to)) else { return nil }
        self.from = from
        self.to = to
    }

    /// How many nights.
    public var nights: Int { from.days(until: to) }

    /// Each night, by the day it begins on, in order.
    public var eachNight: [CivilDate] {
        (0..<nights).compactMap { from.adding(days: $0) }
    }
}
