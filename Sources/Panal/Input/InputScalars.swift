extension InputValue {
    func readBool() throws(InputKind) -> Bool {
        switch self {
        case .bool(let bool): return bool
        case .parameter("true", _): return true
        case .parameter("false", _): return false
        case .blank: return false
        default: throw .bool
        }
    }

    func readString() throws(InputKind) -> String {
        switch self {
        case .string(let text): return text
        case .parameter(let text, _): return text
        case .blank: return ""
        default: throw .string
        }
    }

    func readInteger<Number: FixedWidthInteger>(_ type: Number.Type) throws(InputKind) -> Number {
        switch self {
        case .number(let text):
            if let number = Number(text) { return number }
            // 2.0 and 2e0 are whole too. Beyond 2⁵³ a binary fraction no longer tells whole numbers apart.
            guard let number = Double(text), number.magnitude <= 0x1p53, let whole = Number(exactly: number) else {
                throw .integer(type)
            }
            return whole
        case .parameter(let text, _):
            // In Swift's eyes a plus is part of a number, in a query it is none.
            guard text.utf8.first != UInt8(ascii: "+"), let number = Number(text) else {
                throw .integer(type)
            }
            return number
        case .blank: return 0
        default: throw .integer(type)
        }
    }

    func readFraction<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ type: Number.Type
    ) throws(InputKind) -> Number {
        switch self {
        case .number(let text): return try Self.fraction(text)
        case .parameter(let text, _): return try Self.fraction(text)
        case .blank: return 0
        default: throw .number
        }
    }

    private static func fraction<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ text: String
    ) throws(InputKind) -> Number {
        // Swift also reads nan, infinity and hexadecimal.
        guard text.utf8.allSatisfy(isDecimal), let number = Number(text), number.isFinite else { throw .number }
        return number
    }

    private static func isDecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}
