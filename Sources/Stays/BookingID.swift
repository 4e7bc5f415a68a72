/// The name of a booking: 128 bits that nobody can guess and that sort by the time the booking was made.
///
/// The upper 56 bits are the microseconds since 1970, the rest is random. So the store appends instead of inserting
/// at random places, "newest first" needs no second key, and two processes never need to agree on the next number.
/// As text it is 26 characters of Crockford's base 32 (no `i`, `l`, `o`, `u`), in lower case, in the same order.
public struct BookingID: Hashable, Sendable {
    /// The bits.
    public let bits: UInt128

    /// The identifier with these bits.
    public init(bits: UInt128) {
        self.bits = bits
    }

    /// A new identifier for a booking made at this moment.
    public init(madeAt moment: Timestamp, using generator: inout some RandomNumberGenerator) {
        let time = UInt128(UInt64(bitPattern: max(0, moment.microsecondsSinceEpoch)) & 0xFF_FFFF_FFFF_FFFF)
        let random = UInt128.random(in: 0..<(1 << 72), using: &generator)
        bits = time << 72 | random
    }

    /// A new identifier for a booking made at this moment, with the system's random bits.
    public init(madeAt moment: Timestamp) {
        var generator = SystemRandomNumberGenerator()
        self.init(madeAt: moment, using: &generator)
    }

    /// Reads 26 lower-case characters; nil when they are not exactly what `description` writes.
    public init?(_ text: String) {
        guard text.utf8.count == Self.length else { return nil }
        var bits: UInt128 = 0
        // 26 digits are 130 bits: the first one has only the lower three of its five.
        var limit: UInt8 = 8
        for byte in text.utf8 {
            guard let digit = Self.digit(byte), digit < limit else { return nil }
            bits = bits &<< 5 | UInt128(digit)
            limit = 32
        }
        self.bits = bits
    }

    private static let length = 26

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "h"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "j")...UInt8(ascii: "k"): character - UInt8(ascii: "j") + 18
        case UInt8(ascii: "m")...UInt8(ascii: "n"): character - UInt8(ascii: "m") + 20
        case UInt8(ascii: "p")...UInt8(ascii: "t"): character - UInt8(ascii: "p") + 22
        case UInt8(ascii: "v")...UInt8(ascii: "z"): character - UInt8(ascii: "v") + 27
        default: nil
        }
    }

    private static func character(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0..<10: UInt8(ascii: "0") + digit
        case 10..<18: UInt8(ascii: "a") + digit - 10
        case 18..<20: UInt8(ascii: "j") + digit - 18
        case 20..<22: UInt8(ascii: "m") + digit - 20
        case 22..<27: UInt8(ascii: "p") + digit - 22
        default: UInt8(ascii: "v") + digit - 27
        }
    }
}

extension BookingID: Comparable {
    /// Older bookings come first.
    public static func < (left: BookingID, right: BookingID) -> Bool { left.bits < right.bits }
}

extension BookingID: CustomStringConvertible {
    /// The 26 characters that URLs carry.
    public var description: String {
        var characters = InlineArray<26, UInt8>(repeating: 0)
        var rest = bits
        for position in characters.indices.reversed() {
            characters[position] = Self.character(UInt8(truncatingIfNeeded: rest) & 31)
            rest = rest &>> 5
        }
        return String(ascii: characters.span)
    }
}
