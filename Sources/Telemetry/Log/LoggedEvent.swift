import Logging

/// An event as it is logged: with all its fields, wherever they come from.
struct LoggedEvent {
    let level: Logger.Level
    let message: String
    let error: String?
    /// By name.
    private(set) var fields: [(key: String, value: Logger.MetadataValue)]

    init(_ event: LogEvent, _ fields: Logger.Metadata) {
        level = event.level
        message = event.message.description
        error = event.error.map { String(describing: $0) }
        self.fields = fields.sorted { $0.key < $1.key }
    }

    /// The event without what says in which request it happened.
    var withoutRequest: LoggedEvent {
        var copy = self
        copy.fields.removeAll { Self.ofTheRequest.contains($0.key) }
        return copy
    }

    private static let ofTheRequest: Set<String> = ["requestId", "traceId", "spanId"]

    /// The same text for events of the same words.
    var words: String {
        ([level.rawValue, message, error ?? ""] + fields.flatMap { [$0.key, $0.value.description] })
            .joined(separator: "\0")
    }

    /// - Parameter repetitions: How many more there were; `nil` for the event itself.
    func line(repetitions: Int? = nil) -> [UInt8] {
        var line = LogLine()
        line.begin(level.name, message: message, at: .now())
        if let error { line.field("error", error) }
        if let repetitions { line.field("repeated", repetitions) }
        for (key, value) in fields {
            let name = Self.reserved.contains(key) ? "_" + key : key
            if case .stringConvertible(let literal as JSONLiteral) = value {
                line.field(name: name, json: literal.description)
            } else {
                line.field(name: name, value.description)
            }
        }
        return line.end()
    }

    private static let reserved: Set<String> = ["time", "level", "message", "error", "repeated"]
}

extension Logger.Level {
    fileprivate var name: StaticString {
        switch self {
        case .trace: "trace"
        case .debug: "debug"
        case .info: "info"
        case .notice: "notice"
        case .warning: "warning"
        case .error: "error"
        case .critical: "critical"
        }
    }
}
