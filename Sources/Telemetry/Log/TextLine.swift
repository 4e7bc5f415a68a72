/// A log line as a person reads it: the JSON objects of ``LogLine`` are for programs.
///
/// ```
/// 03:14:15.007 info  GET /v1/rooms 200 1.234 ms  requestId=0b84
/// 03:14:16.112 error request failed  cause=… requestId=0b85
/// ```
///
/// What a line holds may come from a client: nothing in it can move the cursor, because control characters stay escaped.
struct TextLine {
    /// Whether levels have colours (https://no-color.org).
    let isColoured: Bool

    /// The text for a JSON line, both with their line breaks. What is no JSON object stays as it is.
    func text(for line: [UInt8]) -> [UInt8] {
        guard var fields = Members(line).all else { return line }
        func take(_ key: String) -> String {
            guard let index = fields.firstIndex(where: { $0.key == key }) else { return "" }
            return fields.remove(at: index).value
        }
        let (time, level, message) = (take("time"), take("level"), take("message"))
        // `2026-11-24T03:14:15.007Z`: whoever watches knows the day.
        var text = dim(String(time.dropFirst(11).prefix(12))) + " " + coloured(level) + " "
        if message == "request" {
            text += "\(take("method")) \(take("path")) \(take("status")) \(take("durationMs")) ms"
            fields.removeAll { $0.key != "requestId" }
        } else {
            text += message
        }
        if !fields.isEmpty {
            text += "  " + dim(fields.map { "\($0.key)=\(Self.shown($0))" }.joined(separator: " "))
        }
        return Array((text + "\n").utf8)
    }

    private func coloured(_ level: String) -> String {
        let padded = level + String(repeating: " ", count: max(0, 5 - level.count))
        return switch level {
        case "error", "critical": with(31, padded)
        case "warning": with(33, padded)
        case "info", "notice": with(32, padded)
        default: padded
        }
    }

    private func dim(_ text: String) -> String { with(2, text) }

    /// Select Graphic Rendition of ECMA-48, section 8.3.117.
    private func with(_ rendition: Int, _ text: String) -> String {
        isColoured ? "\u{1b}[\(rendition)m\(text)\u{1b}[0m" : text
    }

    /// A string that could be taken for several fields is shown as JSON has it.
    private static func shown(_ field: Members.Member) -> String {
        guard let json = field.json, field.value.isEmpty || field.value.contains(where: { " \"=".contains($0) }) else {
            return field.value
        }
        return json
    }
}

/// The members of one JSON object, in order; strings without their quotes, arrays and objects as they are.
private struct Members {
    struct Member {
        let key: String
        /// A string without its quotes and escapes, as far as they are of quotes and backslashes; anything else as it is.
        let value: String
        /// A string as it is in the line; `nil` for anything else.
        let json: String?
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ line: [UInt8]) { bytes = line }

    /// `nil` when the line is something else.
    var all: [Member]? {
        var reader = self
        return reader.object()
    }

    private mutating func object() -> [Member]? {
        var members: [Member] = []
        guard take("{") else { return nil }
        while true {
            guard let key = string(), take(":") else { return nil }
            let start = position
            guard let value = value() else { return nil }
            let isString = bytes[start] == UInt8(ascii: "\"")
            let json = isString ? Self.withoutControls(String(decoding: bytes[start..<position], as: UTF8.self)) : nil
            members.append(Member(key: key, value: value, json: json))
            if take("}") { return position >= bytes.count - 1 ? members : nil }
            guard take(",") else { return nil }
        }
    }

    private mutating func value() -> String? {
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return string() }
        let start = position
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return nil }
                continue
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: ",") where depth == 0, UInt8(ascii: "}") where depth == 0:
                return position == start
                    ? nil : Self.withoutControls(String(decoding: bytes[start..<position], as: UTF8.self))
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
            position += 1
        }
        return nil
    }

    /// The string that begins here. Its escapes stay, but for the quote and the backslash.
    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return Self.withoutControls(String(decoding: text, as: UTF8.self))
            case UInt8(ascii: "\\"):
                guard position < bytes.count else { return nil }
                let next = bytes[position]
                if next != UInt8(ascii: "\""), next != UInt8(ascii: "\\") { text.append(byte) }
                text.append(next)
                position += 1
            default: text.append(byte)
            }
        }
        return nil
    }

    /// JSON leaves DEL, the controls from U+0080 on and marks of direction as they are; terminals may obey them.
    private static func withoutControls(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars
        where scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format {
            result.append(scalar)
        }
        return String(result)
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
