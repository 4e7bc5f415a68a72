/// What stands in a JSON string for which byte (RFC 8259 section 7): the one rule for all that write JSON here.
public enum JSONText {
    /// Whether a byte of UTF-8 can stand in a JSON string as it is.
    @inlinable @inline(__always)
    public static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// The bytes that stand for one: `\"`, `\\`, `\n`, `\r`, `\t`, or `\u00XX` for any other, which is then a character of
    /// ISO 8859-1.
    /// - Returns: Six bytes, of which the first `count` count.
    public static func escape(of byte: UInt8) -> (bytes: InlineArray<6, UInt8>, count: Int) {
        let backslash = UInt8(ascii: "\\")
        let short: UInt8? =
            switch byte {
            case UInt8(ascii: "\""), backslash: byte
            case UInt8(ascii: "\n"): UInt8(ascii: "n")
            case UInt8(ascii: "\r"): UInt8(ascii: "r")
            case UInt8(ascii: "\t"): UInt8(ascii: "t")
            default: nil
            }
        if let short { return ([backslash, short, 0, 0, 0, 0], 2) }
        let zero = UInt8(ascii: "0")
        return ([backslash, UInt8(ascii: "u"), zero, zero, hexDigit(byte >> 4), hexDigit(byte & 15)], 6)
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
