import HTTPTypes

/// The fields that every answer has, ready to be sent.
struct CommonFields: Sendable {
    private let lines: [(name: HTTPField.Name, bytes: [UInt8])]
    /// All of them.
    private let bytes: [UInt8]

    init(_ fields: [HTTPField] = []) {
        lines = fields.map { ($0.name, Array("\($0.name.rawName): \($0.value)\r\n".utf8)) }
        bytes = lines.flatMap(\.bytes)
    }

    /// Writes those that an answer does not have itself.
    func append(to output: OutputBuffer, beside own: HTTPFields) {
        if bytes.isEmpty { return }
        if own.isEmpty { return output.append(bytes) }
        for line in lines where own[line.name] == nil { output.append(line.bytes) }
    }
}
