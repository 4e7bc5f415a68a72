/// The name of one resource: 128 bits that nobody can guess and that sort by the time the resource was made.
///
/// The upper 56 bits are the microseconds since 1970, the rest is random. So the store appends instead of inserting
/// at random places, "newest first" needs no second key, and two processes never need to agree on the next number.
/// As text it is 26 characters of Crockford's base 32 (no `i`, `l`, `o`, `u`), in lower case, in the same order.
///
/// ```swift
/// typealias BookingID = Identifier<Booking>  // not to be confused with Identifier<Order>
/// ```
@frozen
public struct Identifier<Resource>: Hashable, Sendable {
    /// The bits.
    public let bits: UInt128

    /// The identifier with these bits.
    @inlinable
    public init(bits: UInt128) {
        self.bits = bits
    }

    /// A new identifier for a resource made at this moment.
    @inlinable
    public init(madeAt moment: Timestamp, using generator: inout some RandomNumberGenerator) {
        let time = UInt128(UInt64(bitPattern: max(0, moment.microsecondsSinceEpoch)) & 0xFF_FFFF_FFFF_FFFF)
        let random = UInt128.random(in: 0..<(1 << 72), using: &generator)
        bits = time << 72 | random
    }

    /// A new identifier for a resource made at this moment, with the system's random bits.
    @inlinable
    public init(madeAt moment: Timestamp) {
        var generator = SystemRandomNumberGenerator()
        self.init(madeAt: moment, using: &generator)
    }

    /// Reads 26 lower-case characters; nil when they are not exactly what `description` writes.
    @inlinable
    public init?(_ text: String) {
        guard let bits = CrockfordBase32.bits(of: text) else { return nil }
        self.bits = bits
    }
}

extension Identifier: Comparable {
    /// Those of older resources come first.
    @inlinable
    public static func < (left: Identifier, right: Identifier) -> Bool { left.bits < right.bits }
}

extension Identifier: CustomStringConvertible {
    /// The 26 characters that URLs carry.
    @inlinable
    public var description: String { CrockfordBase32.text(of: bits) }
}

extension Identifier: Validated {
    /// The 26 characters.
    @inlinable
    public var raw: String { description }

    /// Whose name it is, by the resource's type.
    public static var expectation: String { "must be the id of " + ResourceWords.withArticle(Resource.self) }

    /// The one of 2027-01-01 that has no random bits.
    public static var example: Identifier { Identifier(bits: 1_798_761_600_000_000 << 72) }

    /// The rule, as a pattern.
    public static var constraints: Constraints {
        Constraints(minLength: 26, maxLength: 26, pattern: "^[0-7][0-9a-hjkmnp-tv-z]{25}$")
    }
}
