import HTTPServer

/// A JSON value that is put together in any order before it is written.
indirect enum JSONDocument {
    case object([(name: String, value: JSONDocument)])
    case array([JSONDocument])
    case string(String)
    case integer(Int)
    case boolean(Bool)
    /// What is JSON already.
    case encoded(String)

    /// The text without a blank.
    func compact() -> [UInt8] {
        var writer = JSONWriter(capacity: 32_768)
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .object(let members):
            writer.object { writer in
                for (name, value) in members {
                    writer.key(name: name)
                    value.write(to: &writer)
                }
            }
        case .array(let elements):
            writer.array { writer in for element in elements { element.write(to: &writer) } }
        case .string(let text): writer.value(text)
        case .integer(let number): writer.value(number)
        case .boolean(let flag): writer.value(flag)
        case .encoded(let json): writer.encoded(json.utf8)
        }
    }

    /// The text with a line for each member, as people and `diff` read it.
    func indented(by blanks: String = "") -> String {
        let inner = blanks + "  "
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.map { inner + JSONDocument.string($0.name).text + ": " + $0.value.indented(by: inner) }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + blanks + "}"
        case .array(let elements) where !elements.isEmpty:
            return "[\n" + elements.map { inner + $0.indented(by: inner) }.joined(separator: ",\n") + "\n" + blanks
                + "]"
        default: return text
        }
    }

    private var text: String { String(decoding: compact(), as: UTF8.self) }
}
