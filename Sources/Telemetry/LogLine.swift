/// One log event on its way to stdout: a JSON object on one line, never longer than `maximumLength` bytes.
///
/// A pipe takes a write of up to PIPE_BUF (4096) bytes whole, so lines of many processes that share one stdout never mix
/// (pipe(7)). What does not fit is cut: a long string ends early, later fields are left out, and the line says
/// `"truncated":true`. It is valid JSON in every case.
///
/// Reuse one `LogLine` for many events where allocation matters.
public struct LogLine: Sendable {
    /// PIPE_BUF on Linux, in bytes, the line break included.
    public static let maximumLength = 4096

    private static let truncationMark: StaticString = ",\"truncated\":true"
    /// Room that fields may not use: the mark and the closing `}\n`.
    private static let reserved = truncationMark.utf8CodeUnitCount + 2

    private var bytes: [UInt8] = []
    private var isTruncated = false

    /// An empty line; call ``begin(_:message:at:)`` first.
    public init() {
        bytes.reserveCapacity(LogLine.maximumLength)
    }

    /// Starts a new event, dropping what the line held before.
    /// - Parameters:
    ///   - level: `info`, `error`, …
    ///   - message: What happened, in constant words; details are fields.
    ///   - time: When it happened.
    public mutating func begin(_ level: StaticString, message: String, at time: Timestamp) {
        bytes.removeAll(keepingCapacity: true)
        isTruncated = false
        append("{\"time\":\"")
        time.append(to: &bytes)
        append("\",\"level\":\"")
        append(level)
        append("\"")
        field("message", message)
    }

    /// Adds a string.
    public mutating func field(_ key: StaticString, _ value: String) {
        guard open(key) else { return }
        string(value.utf8)
    }

    /// Adds a string given as bytes; what is not ASCII is written as `\u00XX`, so the line stays valid UTF-8.
    public mutating func field(_ key: StaticString, ascii value: Span<UInt8>) {
        guard open(key) else { return }
        let room = bytes.count
        bytes.append(UInt8(ascii: "\""))
        for index in value.indices {
            guard escape(value[index], isASCII: true) else { break }
        }
        closeString(openedAt: room)
    }

    /// Adds a whole number.
    public mutating func field(_ key: StaticString, _ value: some BinaryInteger) {
        guard open(key) else { return }
        whole { line in value.appendDecimal(to: &line.bytes) }
    }

    /// Adds `true` or `false`.
    public mutating func field(_ key: StaticString, _ value: Bool) {
        guard open(key) else { return }
        whole { line in line.append(value ? "true" : "false") }
    }

    /// Adds a duration as milliseconds with three decimals, so name the key `…Ms`.
    public mutating func field(_ key: StaticString, milliseconds value: Duration) {
        guard open(key) else { return }
        whole { line in value.appendMilliseconds(to: &line.bytes) }
    }

    /// Adds a string under a key that is only known at run time.
    public mutating func field(name key: String, _ value: String) {
        guard open(name: key) else { return }
        string(value.utf8)
    }

    /// Adds a whole number under a key that is only known at run time.
    public mutating func field(name key: String, _ value: some BinaryInteger) {
        guard open(name: key) else { return }
        whole { line in value.appendDecimal(to: &line.bytes) }
    }

    /// Adds a duration in milliseconds under a key that is only known at run time.
    public mutating func field(name key: String, milliseconds value: Duration) {
        guard open(name: key) else { return }
        whole { line in value.appendMilliseconds(to: &line.bytes) }
    }

    /// Adds text that is JSON already: a number, `true`, an object. The caller vouches for it.
    public mutating func field(name key: String, json value: String) {
        guard open(name: key) else { return }
        whole { line in line.bytes.append(contentsOf: value.utf8) }
    }

    /// Ends the event and returns the whole line with its line break.
    public mutating func end() -> [UInt8] {
        finish()
        return bytes
    }

    /// Ends the event and writes it to `output` with one write.
    public mutating func end(to output: LogOutput) {
        finish()
        output.write(bytes.span)
    }

    // MARK: - Writing

    private mutating func finish() {
        if isTruncated { append(LogLine.truncationMark) }
        append("}\n")
    }

    private var limit: Int { LogLine.maximumLength - LogLine.reserved }

    private mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { utf8 in unsafe bytes.append(contentsOf: utf8) }
    }

    /// Writes `,"key":` if that and `null` fit; otherwise the line is cut here.
    private mutating func open(_ key: StaticString) -> Bool {
        guard !isTruncated, bytes.count + key.utf8CodeUnitCount + 8 <= limit else {
            isTruncated = true
            return false
        }
        append(",\"")
        append(key)
        append("\":")
        return true
    }

    private mutating func open(name key: String) -> Bool {
        let start = bytes.count
        guard !isTruncated, start + 8 <= limit else {
            isTruncated = true
            return false
        }
        append(",\"")
        for byte in key.utf8 where !isTruncated { _ = escape(byte, isASCII: false) }
        guard !isTruncated, bytes.count + 6 <= limit else {
            bytes.removeSubrange(start...)
            isTruncated = true
            return false
        }
        append("\":")
        return true
    }

    /// A value that is worth nothing when cut: written whole or left out together with its key.
    private mutating func whole(_ write: (inout LogLine) -> Void) {
        let start = bytes.count
        write(&self)
        guard bytes.count > limit else { return }
        bytes.removeSubrange(start...)
        append("null")
        isTruncated = true
    }

    private mutating func string(_ utf8: String.UTF8View) {
        let start = bytes.count
        bytes.append(UInt8(ascii: "\""))
        for byte in utf8 {
            guard escape(byte, isASCII: false) else { break }
        }
        closeString(openedAt: start)
    }

    private mutating func closeString(openedAt start: Int) {
        if isTruncated { dropPartialScalar(after: start) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// A cut may fall inside a character of several bytes: take its first bytes away too.
    private mutating func dropPartialScalar(after start: Int) {
        var index = bytes.count - 1
        while index > start, bytes[index] & 0b1100_0000 == 0b1000_0000 { index -= 1 }
        guard index > start, bytes[index] >= 0b1100_0000 else { return }
        let expected = (~bytes[index]).leadingZeroBitCount
        if bytes.count - index < expected { bytes.removeSubrange(index...) }
    }

    /// Appends one byte of a JSON string (RFC 8259 section 7), or says that the line is full. One byte stays free for
    /// the closing quote.
    private mutating func escape(_ byte: UInt8, isASCII: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            guard bytes.count + 3 <= limit else { break }
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
            return true
        case 0x20...0x7e:
            guard bytes.count + 2 <= limit else { break }
            bytes.append(byte)
            return true
        case 0x80... where !isASCII:
            guard bytes.count + 2 <= limit else { break }
            bytes.append(byte)
            return true
        default:
            guard bytes.count + 7 <= limit else { break }
            append("\\u00")
            bytes.append(LogLine.hexDigit(byte >> 4))
            bytes.append(LogLine.hexDigit(byte & 0xf))
            return true
        }
        isTruncated = true
        return false
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
