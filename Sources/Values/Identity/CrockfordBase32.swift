/// Crockford's base 32 (digits and lower-case letters without `i`, `l`, `o`, `u`) for 128 bits: 26 characters that sort as
/// the bits do.
@usableFromInline
enum CrockfordBase32 {
    /// Reads 26 lower-case characters; nil when they are not exactly what `text(of:)` writes.
    @usableFromInline
    static func bits(of text: String) -> UInt128? {
        let characters = text.utf8Span.span
        guard characters.count == length else { return nil }
        // 26 digits are 130 bits: the first one has only the lower three of its five. Gathered in halves that fit a register: 13
        // digits of 63 bits, one between, 12 digits of 60 bits.
        guard let first = digit(characters[0]), first < 8, let middle = digit(characters[13]) else { return nil }
        var upper = UInt64(first)
        for position in 1..<13 {
            guard let digit = digit(characters[position]) else { return nil }
            upper = upper &<< 5 | UInt64(digit)
        }
        var lower: UInt64 = 0
        for position in 14..<26 {
            guard let digit = digit(characters[position]) else { return nil }
            lower = lower &<< 5 | UInt64(digit)
        }
        return UInt128(upper) &<< 65 | UInt128(middle) &<< 60 | UInt128(lower)
    }

    /// 26 characters.
    @usableFromInline
    static func text(of bits: UInt128) -> String {
        var characters = InlineArray<26, UInt8>(repeating: 0)
        var rest = bits
        for position in characters.indices.reversed() {
            characters[position] = character(UInt8(truncatingIfNeeded: rest) & 31)
            rest = rest &>> 5
        }
        return String(ascii: characters.span)
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
