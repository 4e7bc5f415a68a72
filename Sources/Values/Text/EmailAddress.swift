/// An e-mail address that a message can be sent to: sane rather than complete by RFC 5321 and 5322. Quoted local parts,
/// comments and address literals are refused; international addresses (RFC 6531) pass.
public struct EmailAddress: Hashable, Sendable {
    /// `local@domain`, trimmed, at most 254 bytes.
    public let text: String

    /// Nil unless the text is one local part of 1 to 64 bytes, one `@`, and a domain of at least two labels.
    public init?(_ raw: String) {
        guard let line = SingleLine(raw, limit: Self.longest)?.text, line.utf8.count <= Self.longest else { return nil }
        guard let at = line.utf8.firstIndex(of: UInt8(ascii: "@")) else { return nil }
        let domain = line.utf8[line.utf8.index(after: at)...]
        guard Self.isLocalPart(line.utf8[..<at]), Self.isDomain(domain) else { return nil }
        // Beyond ASCII everything may stand in an address but what looks like a gap.
        guard line.utf8.allSatisfy({ $0 < 0x80 }) || !line.unicodeScalars.contains(where: \.properties.isWhitespace)
        else { return nil }
        text = line
    }

    private init(trusted text: String) {
        self.text = text
    }

    /// In bytes: what fits into the path of RFC 5321, section 4.5.3.1.3, without its brackets.
    private static let longest = 254

    /// RFC 5322, section 3.2.3: atoms with a single dot between two of them.
    private static func isLocalPart(_ part: Substring.UTF8View) -> Bool {
        var previous = UInt8(ascii: ".")
        for byte in part {
            guard byte == UInt8(ascii: ".") ? previous != byte : byte >= 0x80 || isAtomText(byte) else { return false }
            previous = byte
        }
        return previous != UInt8(ascii: ".") && part.count <= 64
    }

    /// RFC 1123, section 2.1: labels of letters, digits and inner hyphens, here at least two.
    private static func isDomain(_ part: Substring.UTF8View) -> Bool {
        var previous = UInt8(ascii: ".")
        var labels = 1
        var length = 0
        for byte in part {
            switch byte {
            case UInt8(ascii: "."):
                guard length > 0, previous != UInt8(ascii: "-") else { return false }
                labels += 1
                length = 0
            case UInt8(ascii: "-"):
                guard length > 0 else { return false }
                length += 1
            default:
                guard byte >= 0x80 || isLetterOrDigit(byte) else { return false }
                length += 1
            }
            guard length <= 63 else { return false }
            previous = byte
        }
        return labels >= 2 && length > 0 && previous != UInt8(ascii: "-")
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isAtomText(_ byte: UInt8) -> Bool {
        switch Unicode.Scalar(byte) {
        case "!", "#", "$", "%", "&", "'", "*", "+", "-", "/", "=", "?", "^", "_", "`", "{", "|", "}", "~": true
        default: isLetterOrDigit(byte)
        }
    }
}

extension EmailAddress: CustomStringConvertible {
    /// The address.
    public var description: String { text }
}

extension EmailAddress: Validated {
    /// The address.
    public var raw: String { text }

    /// What it must look like.
    public static var expectation: String { "must be an e-mail address such as ada@example.org" }

    /// One that nobody has (RFC 2606 section 3).
    public static var example: EmailAddress { EmailAddress(trusted: "ada@example.org") }

    /// JSON Schema's word for it.
    public static var constraints: Constraints { Constraints(maxLength: longest, format: "email") }
}
