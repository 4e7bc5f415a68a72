/// An integer between two bounds, both of them allowed: `WholeNumber<1, 20>`.
@frozen
public struct WholeNumber<let least: Int, let most: Int>: Hashable, Sendable {
    /// The number.
    public let value: Int

    /// Nil unless the number is within the bounds.
    @inlinable
    public init?(_ value: Int) {
        guard value >= least, value <= most else { return nil }
        self.value = value
    }

    @usableFromInline
    init(trusted value: Int) {
        self.value = value
    }
}

extension WholeNumber: Validated {
    /// The number.
    @inlinable public var raw: Int { value }

    /// Both bounds.
    public static var expectation: String { "must be a whole number from \(least) to \(most)" }

    /// The smallest.
    public static var example: WholeNumber { WholeNumber(trusted: least) }

    /// Both bounds.
    public static var constraints: Constraints { Constraints(minimum: least, maximum: most) }
}

extension WholeNumber: Comparable {
    /// Smaller numbers come first.
    @inlinable
    public static func < (left: WholeNumber, right: WholeNumber) -> Bool { left.value < right.value }
}

extension WholeNumber: CustomStringConvertible {
    /// In decimal digits.
    public var description: String { String(value) }
}
