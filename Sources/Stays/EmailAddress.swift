/// An e-mail address that a message can be sent to: sane rather than complete by RFC 5321 and 5322. Quoted local parts,
/// comments and address literals are refused; international addresses (RFC 6531) pass.
public struct EmailAddress: Hashable, Sendable {
    /// `local@domain`, trimmed, at most 254 bytes.
    public let text: String

    /// Nil unless the text is one local part of 1 to 64 bytes, one `@`, and a domain of at least two labels.
    public init?(_ raw: String) {
        guard let line = SingleLine(raw, limit: 254)?.text, line.utf8.count <= 254 else { return nil }
        let parts = line.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isLocalPart(parts[0]), Self.isDomain(parts[1]) else { return nil }
        text = line
    }

    private static func isLocalPart(_ part: Substring) -> Bool {
        guard (1...64).contains(part.utf8.count), part.first != ".", part.last != "." else { return false }
        var previous: Unicode.Scalar = " "
        for scalar in part.unicodeScalars {
            guard scalar.value > 0x7F || isAtomText(scalar) else { return false }
            guard !scalar.properties.isWhitespace, !(scalar == "." && previous == ".") else { return false }
            previous = scalar
        }
        return true
    }

    private static func isDomain(_ part: Substring) -> Bool {
        let labels = part.split(separator: ".", omittingEmptySubsequences: false)
        return labels.count >= 2
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.unicodeScalars.allSatisfy { scalar in
                        scalar == "-"
                            || (scalar.value > 0x7F ? !scalar.properties.isWhitespace : isLetterOrDigit(scalar))
                    }
            }
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }

    /// RFC 5322, section 3.2.3: atext, and the dot between atoms.
    private static func isAtomText(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "!", "#", "$", "%", "&", "'", "*", "+", "-", "/", "=", "?", "^", "_", "`", "{", "|", "}", "~", ".": true
        default: isLetterOrDigit(scalar)
        }
    }
}

extension EmailAddress: CustomStringConvertible {
    /// The address.
    public var description: String { text }
}
