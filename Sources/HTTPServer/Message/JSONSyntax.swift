/// The grammar of JSON (RFC 8259), to the letter: for bodies from outside, before a decoder sees them. Decoders differ in what
/// they tolerate, and a body that two programs read differently can be used to get past one of them.
///
/// Beyond the grammar three things are asked, each allowed by the RFC: the text is UTF-8 without a byte order mark (section
/// 8.1), no object has two members of one name (section 4), and values nest at most ``deepestNesting`` deep (section 9).
public struct JSONSyntax {
    /// How deep arrays and objects may stand in each other. No message of a service needs it, and no decoder that calls
    /// itself for each level runs out of stack.
    public static let deepestNesting = 64

    /// Reads the bytes once from end to end; takes time in proportion to their number.
    /// - Throws: What is wrong, and where.
    public static func check(_ text: Span<UInt8>) throws(JSONSyntaxError) {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: text)
        } catch {
            throw JSONSyntaxError(fault: "the text is not UTF-8", offset: error.byteOffsets.lowerBound)
        }
        var syntax = JSONSyntax()
        try syntax.readText(text)
    }

    private var position = 0

    /// The arrays and objects around the position, each object with the names of its members so far.
    private var open: [Container] = []

    private enum Container {
        case array
        // As Swift compares strings, so that a decoder's dictionary has room for all of them.
        case object(names: Set<String>)
    }

    private init() {}

    private mutating func readText(_ text: Span<UInt8>) throws(JSONSyntaxError) {
        repeat {
            while try !readValue(text) {}
        } while try readEnds(text)
        guard position == text.count else { throw fault("there is more behind the value") }
    }

    /// Reads a value, of an array or object only its beginning.
    /// - Returns: Whether the value has ended; else the value of its first element or member follows.
    private mutating func readValue(_ text: Span<UInt8>) throws(JSONSyntaxError) -> Bool {
        skipSpace(text)
        switch byte(text) {
        case UInt8(ascii: "{"):
            try begin(.object(names: []))
            skipSpace(text)
            if take(UInt8(ascii: "}"), text) { return end() }
            try readName(text)
            return false
        case UInt8(ascii: "["):
            try begin(.array)
            skipSpace(text)
            return take(UInt8(ascii: "]"), text) ? end() : false
        case UInt8(ascii: "\""): try readString(text)
        case UInt8(ascii: "t"): try readWord("true", text)
        case UInt8(ascii: "f"): try readWord("false", text)
        case UInt8(ascii: "n"): try readWord("null", text)
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")): try readNumber(text)
        default: throw fault("a value is expected")
        }
        return true
    }

    /// Reads what stands behind a value: the ends of the arrays and objects that it is the last of.
    /// - Returns: Whether another value follows.
    private mutating func readEnds(_ text: Span<UInt8>) throws(JSONSyntaxError) -> Bool {
        while true {
            skipSpace(text)
            switch open.last {
            case nil:
                return false
            case .array:
                if take(UInt8(ascii: ","), text) { return true }
                guard take(UInt8(ascii: "]"), text) else { throw fault("a comma or ] is expected") }
            case .object:
                if take(UInt8(ascii: ","), text) {
                    skipSpace(text)
                    try readName(text)
                    return true
                }
                guard take(UInt8(ascii: "}"), text) else { throw fault("a comma or } is expected") }
            }
            _ = end()
        }
    }

    private mutating func begin(_ container: Container) throws(JSONSyntaxError) {
        guard open.count < Self.deepestNesting else {
            throw fault("arrays and objects stand more than \(Self.deepestNesting) deep in each other")
        }
        open.append(container)
        position += 1
    }

    private mutating func end() -> Bool {
        open.removeLast()
        return true
    }

    /// The name of a member and the colon behind it.
    private mutating func readName(_ text: Span<UInt8>) throws(JSONSyntaxError) {
        guard byte(text) == UInt8(ascii: "\"") else { throw fault("a member's name in quotes is expected") }
        let start = position
        let name = try readString(text, isName: true)
        guard case .object(var names) = open.removeLast() else { preconditionFailure("only objects have members") }
        guard names.insert(name).inserted else {
            throw JSONSyntaxError(fault: "an object has two members of this name", offset: start)
        }
        open.append(.object(names: names))
        skipSpace(text)
        guard take(UInt8(ascii: ":"), text) else { throw fault("a colon is expected") }
    }

    /// Section 7.
    /// - Returns: What the string means, for a name; of other strings nothing is kept.
    @discardableResult
    private mutating func readString(_ text: Span<UInt8>, isName: Bool = false) throws(JSONSyntaxError) -> String {
        position += 1
        var content = ""
        var start = position
        while true {
            switch byte(text) {
            case UInt8(ascii: "\""):
                if isName { content += String(copying: text.extracting(start..<position)) }
                position += 1
                return content
            case UInt8(ascii: "\\"):
                if isName { content += String(copying: text.extracting(start..<position)) }
                let scalar = try readEscape(text)
                if isName { content.unicodeScalars.append(scalar) }
                start = position
            case .some(0..<0x20): throw fault("a control character stands unescaped in a string")
            case nil: throw fault("a string does not end")
            default: position += 1
            }
        }
    }

    private mutating func readEscape(_ text: Span<UInt8>) throws(JSONSyntaxError) -> Unicode.Scalar {
        let start = position
        position += 1
        if byte(text) == UInt8(ascii: "u") {
            let unit = try readCodeUnit(text)
            if let scalar = Unicode.Scalar(unit) { return scalar }
            // Characters beyond the first 65,536 are two escapes, and half of one is no character.
            guard UTF16.isLeadSurrogate(unit), take(UInt8(ascii: "\\"), text), byte(text) == UInt8(ascii: "u"),
                case let trail = try readCodeUnit(text), UTF16.isTrailSurrogate(trail)
            else { throw JSONSyntaxError(fault: "half a surrogate pair is no character", offset: start) }
            return UTF16.decode(UTF16.EncodedScalar([unit, trail]))
        }
        let scalar: Unicode.Scalar? =
            switch byte(text) {
            case UInt8(ascii: "\""): "\""
            case UInt8(ascii: "\\"): "\\"
            case UInt8(ascii: "/"): "/"
            case UInt8(ascii: "b"): "\u{8}"
            case UInt8(ascii: "f"): "\u{C}"
            case UInt8(ascii: "n"): "\n"
            case UInt8(ascii: "r"): "\r"
            case UInt8(ascii: "t"): "\t"
            default: nil
            }
        guard let scalar else { throw fault("an escape is expected") }
        position += 1
        return scalar
    }

    /// A `u` and four hexadecimal digits.
    private mutating func readCodeUnit(_ text: Span<UInt8>) throws(JSONSyntaxError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            position += 1
            guard let digit = byte(text).flatMap({ ASCII.hexValue($0) }) else {
                throw fault("four hexadecimal digits are expected")
            }
            unit = unit << 4 | UInt16(digit)
        }
        position += 1
        return unit
    }

    /// Section 6.
    private mutating func readNumber(_ text: Span<UInt8>) throws(JSONSyntaxError) {
        _ = take(UInt8(ascii: "-"), text)
        // No digit follows a leading zero.
        if !take(UInt8(ascii: "0"), text) { try readDigits(text) }
        if take(UInt8(ascii: "."), text) { try readDigits(text) }
        if take(UInt8(ascii: "e"), text) || take(UInt8(ascii: "E"), text) {
            if !take(UInt8(ascii: "+"), text) { _ = take(UInt8(ascii: "-"), text) }
            try readDigits(text)
        }
    }

    private mutating func readDigits(_ text: Span<UInt8>) throws(JSONSyntaxError) {
        let start = position
        while let byte = byte(text), ASCII.isDigit(byte) { position += 1 }
        guard position > start else { throw fault("a digit is expected") }
    }

    private mutating func readWord(_ word: StaticString, _ text: Span<UInt8>) throws(JSONSyntaxError) {
        let end = position + word.utf8CodeUnitCount
        // Lower case only, which is how the values are spelled.
        guard end <= text.count, String(copying: text.extracting(position..<end)) == word.description else {
            throw fault("a value is expected")
        }
        position = end
    }

    private mutating func skipSpace(_ text: Span<UInt8>) {
        while let byte = byte(text), byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
    }

    private mutating func take(_ expected: UInt8, _ text: Span<UInt8>) -> Bool {
        guard byte(text) == expected else { return false }
        position += 1
        return true
    }

    private func byte(_ text: Span<UInt8>) -> UInt8? { position < text.count ? text[position] : nil }

    private func fault(_ fault: String) -> JSONSyntaxError { JSONSyntaxError(fault: fault, offset: position) }
}

/// Why bytes are not JSON. It tells nothing of what stands in them.
public struct JSONSyntaxError: Error, Hashable, CustomStringConvertible {
    /// What is wrong.
    public let fault: String

    /// Where, in bytes from the beginning.
    public let offset: Int

    /// Both in one line.
    public var description: String { "\(fault), at byte \(offset)" }
}
