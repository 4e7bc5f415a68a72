/// Reads a JSON text that `JSONSyntax` has checked into an ``InputValue``: what is to be refused has been refused there.
struct JSONReader {
    private var position = 0

    private init() {}

    static func read(_ text: Span<UInt8>) -> InputValue {
        var reader = JSONReader()
        return reader.readValue(text)
    }

    private mutating func readValue(_ text: Span<UInt8>) -> InputValue {
        switch next(text) {
        case UInt8(ascii: "{"): return .object(readObject(text))
        case UInt8(ascii: "["): return .array(readArray(text))
        case UInt8(ascii: "\""): return .string(readString(text))
        case UInt8(ascii: "t"):
            position += 4
            return .bool(true)
        case UInt8(ascii: "f"):
            position += 5
            return .bool(false)
        case UInt8(ascii: "n"):
            position += 4
            return .null
        default:
            let start = position
            while position < text.count, Self.isNumber(text[position]) { position += 1 }
            return .number(String(copying: text, start..<position))
        }
    }

    private mutating func readObject(_ text: Span<UInt8>) -> InputObject {
        var object = InputObject()
        position += 1
        while next(text) != UInt8(ascii: "}") {
            let name = readString(text)
            _ = next(text)
            position += 1
            object.append(name, readValue(text))
            if next(text) == UInt8(ascii: ",") { position += 1 }
        }
        position += 1
        return object
    }

    private mutating func readArray(_ text: Span<UInt8>) -> [InputValue] {
        var elements: [InputValue] = []
        position += 1
        while next(text) != UInt8(ascii: "]") {
            elements.append(readValue(text))
            if next(text) == UInt8(ascii: ",") { position += 1 }
        }
        position += 1
        return elements
    }

    private mutating func readString(_ text: Span<UInt8>) -> String {
        position += 1
        let start = position
        while text[position] != UInt8(ascii: "\""), text[position] != UInt8(ascii: "\\") { position += 1 }
        // Almost no string has an escape.
        if text[position] == UInt8(ascii: "\"") {
            position += 1
            return String(copying: text, start..<position - 1)
        }
        var bytes: [UInt8] = []
        for index in start..<position { bytes.append(text[index]) }
        while text[position] != UInt8(ascii: "\"") {
            if text[position] == UInt8(ascii: "\\") {
                bytes.append(contentsOf: UTF8.encode(readEscape(text)) ?? UTF8.encodedReplacementCharacter)
            } else {
                bytes.append(text[position])
                position += 1
            }
        }
        position += 1
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func readEscape(_ text: Span<UInt8>) -> Unicode.Scalar {
        position += 2
        switch text[position - 1] {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = readCodeUnit(text)
            if let scalar = Unicode.Scalar(unit) { return scalar }
            position += 2
            return UTF16.decode(UTF16.EncodedScalar([unit, readCodeUnit(text)]))
        case let itself: return Unicode.Scalar(itself)
        }
    }

    private mutating func readCodeUnit(_ text: Span<UInt8>) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            let digit = text[position]
            position += 1
            unit = unit << 4 | UInt16(digit <= UInt8(ascii: "9") ? digit - UInt8(ascii: "0") : (digit | 0x20) - 87)
        }
        return unit
    }

    /// The byte behind space.
    private mutating func next(_ text: Span<UInt8>) -> UInt8 {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        preconditionFailure("the text was not checked")
    }

    private static func isNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }
}

extension String {
    fileprivate init(copying text: Span<UInt8>, _ range: Range<Int>) {
        guard let valid = try? UTF8Span(validating: text.extracting(range)) else {
            preconditionFailure("the text was not checked")
        }
        self.init(copying: valid)
    }
}
