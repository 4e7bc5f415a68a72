/// Percent-encoding (RFC 3986 section 2.1), decoded once and never again.
struct PercentEncoding: Sendable {
    private let plusIsSpace: Bool

    /// Of a path.
    static let path = PercentEncoding(plusIsSpace: false)
    /// Of a query, as forms are sent: `+` is a space.
    static let form = PercentEncoding(plusIsSpace: true)

    private init(plusIsSpace: Bool) {
        self.plusIsSpace = plusIsSpace
    }

    /// Reads the byte at `position` and moves on. What is no escape stands for itself.
    @inline(__always)
    func nextByte(of text: Span<UInt8>, at position: inout Int) -> UInt8 {
        let byte = text[position]
        if byte == UInt8(ascii: "%"), position + 2 < text.count,
            let high = ASCII.hexValue(text[position + 1]), let low = ASCII.hexValue(text[position + 2])
        {
            position += 3
            return high << 4 | low
        }
        position += 1
        return plusIsSpace && byte == UInt8(ascii: "+") ? ASCII.space : byte
    }

    /// The decoded text.
    func decode(_ text: Span<UInt8>) -> String {
        let bytes = decodeBytes(text)
        return String(copying: bytes.span)
    }

    func decodeBytes(_ text: Span<UInt8>) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: text.count) { buffer, count in
            var position = 0
            while position < text.count {
                unsafe buffer[count] = nextByte(of: text, at: &position)
                count += 1
            }
        }
    }

    /// Whether `text` decodes to `plain`, without decoding it.
    func decodes(_ text: Span<UInt8>, to plain: String) -> Bool {
        var position = 0
        for byte in plain.utf8 {
            guard position < text.count, nextByte(of: text, at: &position) == byte else { return false }
        }
        return position == text.count
    }

    /// Whether each `%` begins an escape, and what they decode to is UTF-8. The text must be ASCII.
    static func isValid(_ text: Span<UInt8>) -> Bool {
        var position = 0
        var needsCheck = false
        while let percent = text.firstIndex(of: UInt8(ascii: "%"), from: position) {
            guard percent + 2 < text.count, let high = ASCII.hexValue(text[percent + 1]),
                ASCII.hexValue(text[percent + 2]) != nil
            else { return false }
            if high >= 8 { needsCheck = true }
            position = percent + 3
        }
        guard needsCheck else { return true }
        return String(validating: path.decodeBytes(text), as: UTF8.self) != nil
    }
}
