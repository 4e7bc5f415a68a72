import Glibc
import Linux
public import Values

/// One log event on its way to stdout: a JSON object on one line, never longer than `maximumLength` bytes.
///
/// A pipe takes a write of up to PIPE_BUF (4096) bytes whole, so lines of many processes that share one stdout never mix
/// (pipe(7)). What does not fit is cut: a long string ends early, fields that find no room are left out, and the line says
/// `"truncated":true`. It is valid JSON in every case.
///
/// It is written once for each request, so it owns a fixed piece of memory and allocates nothing: reuse one for many
/// events.
@safe public struct LogLine: ~Copyable, @unchecked Sendable {
    /// PIPE_BUF on Linux, in bytes, the line break included.
    public static let maximumLength = 4096

    private static let truncationMark: StaticString = ",\"truncated\":true"
    private static let opening: StaticString = "{\"time\":\""
    /// `2026-11-24T03:14:15`
    private static let timeLength = 19
    /// What one string may take, so that the fields behind a long one still fit.
    private static let longestString = maximumLength / 2
    /// Where fields must end, so that the mark and the closing `}\n` still fit.
    private static let limit = maximumLength - truncationMark.utf8CodeUnitCount - 2

    // Only this value holds the pointer, and nothing copies the value: that makes it Sendable.
    private let start = UnsafeMutablePointer<UInt8>.allocate(capacity: maximumLength)
    private var count = 0
    private var isTruncated = false
    /// The second whose text stands at the beginning of the memory, from the event before.
    private var writtenSecond: Int64?

    /// An empty line; call ``begin(_:message:at:)`` first.
    public init() {}

    deinit { unsafe start.deallocate() }

    /// Starts a new event, dropping what the line held before.
    /// - Parameters:
    ///   - level: `info`, `error`, …
    ///   - message: What happened, in constant words; details are fields.
    ///   - time: When it happened.
    public mutating func begin(_ level: StaticString, message: String, at time: Timestamp) {
        isTruncated = false
        let second = time.unixSeconds
        if writtenSecond == second {
            count = LogLine.opening.utf8CodeUnitCount + LogLine.timeLength
        } else {
            count = 0
            put(LogLine.opening)
            // RFC 3339 in UTC to the second, without the Z at its end.
            for byte in time.description.utf8.dropLast() { put(byte) }
            writtenSecond = second
        }
        put(UInt8(ascii: "."))
        put(UInt(time.microsecondsSinceEpoch - second * 1_000_000) / 1000, digits: 3)
        put("Z\",\"level\":\"")
        put(level)
        put(UInt8(ascii: "\""))
        field("message", message)
    }

    /// Adds a string.
    public mutating func field(_ key: StaticString, _ value: String) {
        guard open(key) else { return }
        quote(value)
    }

    /// Adds a string given as bytes; what is not ASCII is written as `\u00XX`, so the line stays valid UTF-8.
    public mutating func field(_ key: StaticString, ascii value: Span<UInt8>) {
        guard open(key) else { return }
        put(UInt8(ascii: "\""))
        unsafe value.withUnsafeBufferPointer { unsafe escape($0, last: 0x7E) }
        put(UInt8(ascii: "\""))
    }

    /// Adds a whole number.
    public mutating func field(_ key: StaticString, _ value: Int) {
        guard open(key) else { return }
        number(value)
    }

    /// Adds `true` or `false`.
    public mutating func field(_ key: StaticString, _ value: Bool) {
        guard open(key) else { return }
        literal(value ? "true" : "false")
    }

    /// Adds a duration as milliseconds with three decimals, so name the key `…Ms`.
    public mutating func field(_ key: StaticString, milliseconds value: Duration) {
        guard open(key) else { return }
        milliseconds(value)
    }

    /// Adds a string under a key that is only known at run time.
    public mutating func field(name key: String, _ value: String) {
        guard open(name: key) else { return }
        quote(value)
    }

    /// Adds a whole number under a key that is only known at run time.
    public mutating func field(name key: String, _ value: Int) {
        guard open(name: key) else { return }
        number(value)
    }

    /// Adds a duration in milliseconds under a key that is only known at run time.
    public mutating func field(name key: String, milliseconds value: Duration) {
        guard open(name: key) else { return }
        milliseconds(value)
    }

    /// Adds text that is JSON already: a number, `true`, an object. The caller vouches for it.
    public mutating func field(name key: String, json value: String) {
        guard open(name: key) else { return }
        literal(value)
    }

    /// Ends the event and returns the whole line with its line break.
    public mutating func end() -> [UInt8] {
        finish()
        return unsafe [UInt8](UnsafeBufferPointer(start: start, count: count))
    }

    /// Ends the event and writes it to `output` with one write.
    public mutating func end(to output: LogOutput) {
        finish()
        unsafe output.write(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Ends the event and has `output` write it with others; see ``LogOutput/collect(_:)``.
    public mutating func end(collectedBy output: LogOutput) {
        finish()
        unsafe output.collect(UnsafeRawBufferPointer(start: start, count: count))
    }

    private mutating func finish() {
        if isTruncated { put(LogLine.truncationMark) }
        put("}\n")
    }

    // MARK: - Keys and values

    /// Writes `,"key":` if that and the shortest value fit; otherwise the field is left out.
    private mutating func open(_ key: StaticString) -> Bool {
        guard hasRoom(forKey: key.utf8CodeUnitCount) else { return false }
        put(",\"")
        put(key)
        put("\":")
        return true
    }

    private mutating func open(name key: String) -> Bool {
        // Escaping makes a byte six at the most.
        guard hasRoom(forKey: key.utf8.count * 6) else { return false }
        put(UInt8(ascii: ","))
        quote(key)
        put(UInt8(ascii: ":"))
        return true
    }

    private mutating func hasRoom(forKey length: Int) -> Bool {
        // `,"` and `":` around the key, `null` or `""` behind it.
        if count + length + 8 <= LogLine.limit { return true }
        isTruncated = true
        return false
    }

    private mutating func quote(_ text: String) {
        var text = text
        put(UInt8(ascii: "\""))
        text.withUTF8 { unsafe escape($0, last: 0xFF) }
        put(UInt8(ascii: "\""))
    }

    /// A number, which is worth nothing when cut.
    private mutating func number(_ value: Int) {
        guard count + 20 <= LogLine.limit else { return dropValue() }
        if value < 0 { put(UInt8(ascii: "-")) }
        put(decimal: value.magnitude)
    }

    private mutating func milliseconds(_ value: Duration) {
        guard count + 24 <= LogLine.limit else { return dropValue() }
        let microseconds = UInt(max(0, value.nanoseconds / 1000))
        put(decimal: microseconds / 1000)
        put(UInt8(ascii: "."))
        put(microseconds % 1000, digits: 3)
    }

    private mutating func literal(_ json: String) {
        var json = json
        guard count + json.utf8.count <= LogLine.limit else { return dropValue() }
        json.withUTF8 { unsafe put($0) }
    }

    private mutating func dropValue() {
        put("null")
        isTruncated = true
    }

    /// Appends the inside of a JSON string: runs of plain bytes whole, the others escaped.
    /// - Parameter last: The highest byte that may stand as it is: all of UTF-8, or ASCII where the encoding is unknown.
    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>, last: UInt8) {
        let limit = min(LogLine.limit, count + LogLine.longestString)
        var position = 0
        while position < text.count {
            let run = position
            while position < text.count, JSONText.isPlain(unsafe text[position]), unsafe text[position] <= last {
                position += 1
            }
            // One byte stays free for the closing quote.
            let room = limit - count - 1
            if position - run > room {
                let length = unsafe LogLine.wholeCharacters(text, from: run, room)
                unsafe put(UnsafeBufferPointer(rebasing: text[run..<run + length]))
                isTruncated = true
                return
            }
            unsafe put(UnsafeBufferPointer(rebasing: text[run..<position]))
            guard position < text.count else { return }
            guard count + 7 <= limit else {
                isTruncated = true
                return
            }
            let escape = JSONText.escape(of: unsafe text[position])
            for index in 0..<escape.count { put(escape.bytes[index]) }
            position += 1
        }
    }

    /// How many of `room` bytes to take so that no character of several bytes is cut in two.
    private static func wholeCharacters(_ text: UnsafeBufferPointer<UInt8>, from start: Int, _ room: Int) -> Int {
        var length = max(0, room)
        while length > 0, unsafe text[start + length] & 0b1100_0000 == 0b1000_0000 { length -= 1 }
        return length
    }

    // MARK: - Bytes

    // Every write ends here, and none of these goes beyond the memory.

    private mutating func put(_ byte: UInt8) {
        precondition(count < LogLine.maximumLength)
        unsafe start[count] = byte
        count += 1
    }

    private mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= LogLine.maximumLength - count)
        guard let source = bytes.baseAddress else { return }
        unsafe memcpy(start + count, source, bytes.count)
        count += bytes.count
    }

    private mutating func put(_ text: StaticString) {
        unsafe put(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func put(decimal value: UInt) {
        put(value, digits: value.decimalDigitCount)
    }

    private mutating func put(_ value: UInt, digits: Int) {
        precondition(digits <= LogLine.maximumLength - count)
        var room = unsafe MutableSpan(_unsafeStart: start + count, count: digits)
        room.write(value, into: 0..<digits)
        count += digits
    }
}

extension LogLine {
    /// The line by which a process says how many of its lines the log does not have.
    static func dropped(_ count: Int) -> [UInt8] {
        var line = LogLine()
        line.begin("warning", message: "log lines dropped", at: .now())
        line.field("count", count)
        line.field("pid", Int(getpid()))
        return line.end()
    }
}
