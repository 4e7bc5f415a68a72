/// Text that people type into one line: trimmed, not empty, bounded, nothing invisible that could forge another line.
public struct SingleLine: Hashable, Sendable {
    /// The text without the space around it.
    public let text: String

    /// Nil when nothing is left after trimming, when more than `limit` characters (or four times as many bytes: a
    /// character may be a pile of combining marks) are, or when a control character is among them.
    public init?(_ raw: String, limit: Int) {
        let trimmed = Self.trim(raw)
        // Most text is short ASCII: its bytes are its characters.
        var ascii = true
        for byte in trimmed.utf8 {
            if byte < 0x20 || byte == 0x7F { return nil }
            if byte >= 0x80 { ascii = false }
        }
        guard !trimmed.isEmpty, trimmed.utf8.count <= limit * 4 else { return nil }
        if ascii {
            guard trimmed.utf8.count <= limit else { return nil }
        } else {
            guard trimmed.count <= limit, !trimmed.unicodeScalars.contains(where: Self.isForbidden) else { return nil }
        }
        text = trimmed
    }

    /// Whether at least one character leaves a mark of its own.
    public var isVisible: Bool { Self.isVisible(text) }

    static func isVisible(_ text: String) -> Bool {
        // Most text begins with a visible ASCII character.
        if let first = text.utf8.first, (0x21...0x7E).contains(first) { return true }
        return text.unicodeScalars.contains { !isInvisible($0) }
    }

    /// Spaces, what joins or directs its neighbours (zero-width characters, variation selectors), marks that sit on another
    /// character, and fillers. Which are blank is not a property of Unicode for the last few: they are letters and symbols
    /// whose glyph is empty.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.properties.isDefaultIgnorableCodePoint || scalar.properties.isWhitespace { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: break
        }
        switch scalar.value {
        // Braille pattern blank, null notehead, full and half blank of the hieroglyphs.
        case 0x2800, 0x1D159, 0x13441, 0x13442: return true
        default: return false
        }
    }

    @inline(__always)
    static func trim(_ raw: String) -> String {
        // Most text begins and ends with a visible ASCII character, and then nothing is to be cut.
        guard let first = raw.utf8.first, let last = raw.utf8.last else { return raw }
        if (0x21...0x7E).contains(first), (0x21...0x7E).contains(last) { return raw }
        return trimScalars(raw)
    }

    @inline(never)
    private static func trimScalars(_ raw: String) -> String {
        let scalars = raw.unicodeScalars
        guard let start = scalars.firstIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        var rest = scalars[start...]
        while let scalar = rest.last, scalar.properties.isWhitespace { rest.removeLast() }
        return String(String.UnicodeScalarView(rest))
    }

    static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        // Embeddings, overrides and isolates let a name reorder the text around it.
        case .format: (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        default: false
        }
    }
}
