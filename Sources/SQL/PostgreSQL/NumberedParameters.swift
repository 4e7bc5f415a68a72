/// A statement as PostgreSQL takes it: with `$1` and so on where the text has `:name`.
///
/// What only looks like a parameter stays as it is: in strings (`'…'`, `E'…'`, `$tag$…$tag$`), quoted names, comments,
/// `::type` casts and `:=`. The bounds of an array's slice that are names need a space or parentheses: `a[1:(n)]`.
struct NumberedParameters {
    /// The text for PostgreSQL.
    let sql: String

    /// The names, without the colon, in the order in which they first stand in the text.
    let names: [String]

    /// Reads a statement.
    init(_ text: String) {
        var scanner = Scanner(text)
        scanner.run()
        sql = String(decoding: scanner.output, as: UTF8.self)
        names = scanner.names
    }
}

private struct Scanner {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var output: [UInt8] = []
    private(set) var names: [String] = []

    init(_ text: String) {
        bytes = Array(text.utf8)
        output.reserveCapacity(bytes.count)
    }

    mutating func run() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "'"): copyQuoted(UInt8(ascii: "'"), escapes: isEscapeString)
            case UInt8(ascii: "\""): copyQuoted(UInt8(ascii: "\""), escapes: false)
            case UInt8(ascii: "-") where byte(after: 1) == UInt8(ascii: "-"): copyLine()
            case UInt8(ascii: "/") where byte(after: 1) == UInt8(ascii: "*"): copyComment()
            case UInt8(ascii: "$") where !isInName: copyDollarQuoted()
            case UInt8(ascii: ":"): readColon()
            default: copy(1)
            }
        }
    }

    private func byte(after distance: Int) -> UInt8 {
        position + distance < bytes.count ? bytes[position + distance] : 0
    }

    private mutating func copy(_ count: Int) {
        let end = min(position + count, bytes.count)
        output += bytes[position..<end]
        position = end
    }

    /// Whether the byte before belongs to a name: `a$1` is one name.
    private var isInName: Bool { position > 0 && Self.isNamePart(bytes[position - 1]) }

    /// Whether the quote here begins an `E'…'`, in which a backslash escapes.
    private var isEscapeString: Bool {
        guard position > 0, bytes[position - 1] | 0x20 == UInt8(ascii: "e") else { return false }
        return position == 1 || !Self.isNamePart(bytes[position - 2])
    }

    /// A doubled quote inside begins the next part, which comes to the same.
    private mutating func copyQuoted(_ quote: UInt8, escapes: Bool) {
        copy(1)
        while position < bytes.count {
            if escapes, bytes[position] == UInt8(ascii: "\\") {
                copy(2)
            } else if bytes[position] == quote {
                copy(1)
                // `E'a''\'b'` is one string, with escapes to its end.
                guard escapes, byte(after: 0) == quote else { return }
                copy(1)
            } else {
                copy(1)
            }
        }
    }

    private mutating func copyLine() {
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { copy(1) }
    }

    /// PostgreSQL's comments hold others.
    private mutating func copyComment() {
        var depth = 0
        repeat {
            let pair = (bytes[position], byte(after: 1))
            if pair == (UInt8(ascii: "/"), UInt8(ascii: "*")) {
                depth += 1
                copy(2)
            } else if pair == (UInt8(ascii: "*"), UInt8(ascii: "/")) {
                depth -= 1
                copy(2)
            } else {
                copy(1)
            }
        } while depth > 0 && position < bytes.count
    }

    private mutating func copyDollarQuoted() {
        var end = position + 1
        while end < bytes.count, Self.isNamePart(bytes[end]) { end += 1 }
        let startsWithDigit = (0x30...0x39).contains(byte(after: 1))
        guard end < bytes.count, bytes[end] == UInt8(ascii: "$"), !startsWithDigit else { return copy(1) }
        let tag = Array(bytes[position...end])
        copy(tag.count)
        while position < bytes.count {
            guard bytes[position...].starts(with: tag) else {
                copy(1)
                continue
            }
            return copy(tag.count)
        }
    }

    private mutating func readColon() {
        guard byte(after: 1) != UInt8(ascii: ":"), byte(after: 1) != UInt8(ascii: "=") else { return copy(2) }
        guard Self.isNameStart(byte(after: 1)) else { return copy(1) }
        var end = position + 1
        while end < bytes.count, Self.isNamePart(bytes[end]) { end += 1 }
        let name = String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
        let index = names.firstIndex(of: name) ?? names.count
        if index == names.count { names.append(name) }
        output += "$\(index + 1)".utf8
        position = end
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || (0x61...0x7A).contains(byte | 0x20)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isNameStart(byte) || (0x30...0x39).contains(byte)
    }
}
