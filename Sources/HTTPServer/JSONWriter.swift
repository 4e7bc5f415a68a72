/// Writes JSON (RFC 8259) of a known shape straight into bytes, for answers that are given so often that a general
/// encoder is too dear. Commas and escapes are the writer's, the shape is yours.
///
/// ```swift
/// var json = JSONWriter()
/// json.object { json in
///     json.member("id", room.id)
///     json.key("tags")
///     json.array { json in for tag in room.tags { json.value(tag) } }
/// }
/// ```
public struct JSONWriter: ~Copyable, Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8]

    // Whether the next key or element follows another one.
    private var needsComma = false

    /// An empty document with room for `capacity` bytes.
    public init(capacity: Int = 512) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// An object; `members` writes them with `member` or `key`.
    public mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try members(&self)
        close(UInt8(ascii: "}"))
    }

    /// An array; `elements` writes them with `value`, `object` or `array`.
    public mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "["))
        try elements(&self)
        close(UInt8(ascii: "]"))
    }

    /// The name of a member; its value must follow.
    public mutating func key(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string.
    public mutating func value(_ text: String) {
        separate()
        appendQuoted(text)
    }

    /// A number.
    public mutating func value(_ number: Int) {
        separate()
        appendDecimal(number)
    }

    /// `true` or `false`.
    public mutating func value(_ flag: Bool) {
        separate()
        append(flag ? "true" : "false")
    }

    /// `null`.
    public mutating func null() {
        separate()
        append("null")
    }

    /// A value that is JSON already; it is not checked.
    public mutating func encoded(_ json: some Sequence<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// A member with a string.
    public mutating func member(_ name: String, _ text: String) {
        key(name)
        value(text)
    }

    /// A member with a number.
    public mutating func member(_ name: String, _ number: Int) {
        key(name)
        value(number)
    }

    /// A member with `true` or `false`.
    public mutating func member(_ name: String, _ flag: Bool) {
        key(name)
        value(flag)
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func appendDecimal(_ number: Int) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest != 0
        bytes[start...].reverse()
    }

    /// A string is almost always free of what must be escaped (RFC 8259 section 7): then it is one copy.
    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { unsafe appendEscaped(Span(_unsafeElements: $0)) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscaped(_ text: Span<UInt8>) {
        var plain = 0
        for index in text.indices {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            append(text.extracting(plain..<index))
            plain = index + 1
            bytes.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
            case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
            case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
            case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
            default:
                append("u00")
                bytes.append(ASCII.hexDigit(byte >> 4))
                bytes.append(ASCII.hexDigit(byte & 15))
            }
        }
        append(text.extracting(plain..<text.count))
    }

    private mutating func append(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}
