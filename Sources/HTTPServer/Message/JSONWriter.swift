import Values

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

    /// Opens an object, for whoever cannot write its members in a closure; ``endObject()`` closes it.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }

    /// Closes the object that was opened last.
    public mutating func endObject() { close(UInt8(ascii: "}")) }

    /// Opens an array, for whoever cannot write its elements in a closure; ``endArray()`` closes it.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }

    /// Closes the array that was opened last.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// The name of a member, a constant that needs no escapes; its value must follow.
    public mutating func key(_ name: StaticString) {
        let comma = needsComma
        needsComma = false
        let name = unsafe Span(_unsafeStart: name.utf8Start, count: name.utf8CodeUnitCount)
        assert(JSONWriter.firstToEscape(in: name, from: 0) == name.count, "a constant key must need no escapes")
        bytes.append(addingCapacity: name.count + 4) { output in
            if comma { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "\""))
            JSONWriter.append(name, to: &output)
            output.append(UInt8(ascii: "\""))
            output.append(UInt8(ascii: ":"))
        }
    }

    /// The name of a member that is only known at run time; its value must follow.
    public mutating func key(name: String) {
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

    /// A number; `null` for one that is not finite, which JSON has no number for.
    public mutating func value(_ number: Double) {
        separate()
        append(number.isFinite ? number.description : "null")
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
    public mutating func member(_ name: StaticString, _ text: String) {
        key(name)
        value(text)
    }

    /// A member with a number.
    public mutating func member(_ name: StaticString, _ number: Int) {
        key(name)
        value(number)
    }

    /// A member with a number; `null` for one that is not finite.
    public mutating func member(_ name: StaticString, _ number: Double) {
        key(name)
        value(number)
    }

    /// A member with `true` or `false`.
    public mutating func member(_ name: StaticString, _ flag: Bool) {
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
        let count = number.magnitude.decimalDigitCount
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var room = digits.mutableSpan
        room.write(number.magnitude, into: 0..<count)
        bytes.append(addingCapacity: 20) { output in
            if number < 0 { output.append(UInt8(ascii: "-")) }
            JSONWriter.append(digits.span.extracting(..<count), to: &output)
        }
    }

    private mutating func appendQuoted(_ text: String) {
        var text = text
        text.withUTF8 { unsafe appendQuoted(Span(_unsafeElements: $0)) }
    }

    /// A string is almost always free of what must be escaped (RFC 8259 section 7): then it is one copy.
    private mutating func appendQuoted(_ text: Span<UInt8>) {
        var plain = JSONWriter.firstToEscape(in: text, from: 0)
        bytes.append(addingCapacity: text.count + 2) { output in
            output.append(UInt8(ascii: "\""))
            JSONWriter.append(text.extracting(..<plain), to: &output)
            if plain == text.count { output.append(UInt8(ascii: "\"")) }
        }
        guard plain < text.count else { return }
        while plain < text.count {
            appendEscaped(text[plain])
            let start = plain + 1
            plain = JSONWriter.firstToEscape(in: text, from: start)
            bytes.append(addingCapacity: plain - start) { output in
                JSONWriter.append(text.extracting(start..<plain), to: &output)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        let escape = JSONText.escape(of: byte)
        for index in 0..<escape.count { bytes.append(escape.bytes[index]) }
    }

    /// The position of the first byte that must be escaped, the end when there is none.
    private static func firstToEscape(in text: Span<UInt8>, from start: Int) -> Int {
        var position = start
        while position + 8 <= text.count, SWAR(text, at: position).isPlainInJSON { position += 8 }
        while position < text.count, JSONText.isPlain(text[position]) { position += 1 }
        return position
    }

    /// Copies the bytes, for which there must be room.
    private static func append(_ bytes: Span<UInt8>, to output: inout OutputSpan<UInt8>) {
        precondition(bytes.count <= output.freeCapacity)
        unsafe bytes.withUnsafeBytes { source in
            unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
                unsafe UnsafeMutableRawPointer(to + count).copyMemory(from: from, byteCount: source.count)
                count += source.count
            }
        }
    }
}
