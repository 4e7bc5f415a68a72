import Linux
public import Logging
import Values

/// A swift-log backend: every event becomes one JSON line on stdout, its metadata top-level fields.
///
/// Metadata strings stay strings; integers and booleans keep their JSON type when given as
/// ``Logging/Logger/MetadataValue/number(_:)``. A key that the line itself uses (`time`, `level`, `message`) is written
/// with an underscore before it.
public struct JSONLogHandler: LogHandler {
    /// The least severe level that is written.
    public var logLevel: Logger.Level
    /// Fields of every event.
    public var metadata: Logger.Metadata = [:]
    /// Fields that depend on the moment: the ids of the request that the thread works on.
    public var metadataProvider: Logger.MetadataProvider? = ThreadTrace.logMetadata

    private let output: LogOutput

    /// A handler that lets events of `level` and above through to `output`.
    public init(level: Logger.Level, output: LogOutput = .standardOutput) {
        logLevel = level
        self.output = output
    }

    /// One field of every event.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event as one line: the event's fields win over the provider's, those over the handler's.
    public func log(event: LogEvent) {
        var line = LogLine()
        line.begin(JSONLogHandler.name(of: event.level), message: event.message.description, at: .now())
        if let error = event.error { line.field("error", String(describing: error)) }
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            append(value, name: JSONLogHandler.reserved.contains(key) ? "_" + key : key, to: &line)
        }
        line.end(to: output)
    }

    private static let reserved: Set<String> = ["time", "level", "message", "error"]

    private func append(_ value: Logger.MetadataValue, name: String, to line: inout LogLine) {
        if case .stringConvertible(let literal as JSONLiteral) = value {
            line.field(name: name, json: literal.description)
        } else {
            line.field(name: name, value.description)
        }
    }

    private static func name(of level: Logger.Level) -> StaticString {
        switch level {
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

/// A metadata value that is JSON already and is written without quotes.
private struct JSONLiteral: CustomStringConvertible, Sendable {
    let description: String
}

extension Logger.MetadataValue {
    /// A whole number that stays a number in the log line.
    public static func number(_ value: some BinaryInteger) -> Logger.MetadataValue {
        .stringConvertible(JSONLiteral(description: String(value)))
    }

    /// A truth value that stays one in the log line.
    public static func flag(_ value: Bool) -> Logger.MetadataValue {
        .stringConvertible(JSONLiteral(description: value ? "true" : "false"))
    }

    /// A duration in milliseconds with three decimals; name the key `…Ms`.
    public static func milliseconds(_ value: Duration) -> Logger.MetadataValue {
        let microseconds = Int(max(0, value.nanoseconds / 1000))
        var fraction = InlineArray<3, UInt8>(repeating: 0)
        var digits = fraction.mutableSpan
        digits.write(microseconds % 1000, into: 0..<3)
        return .stringConvertible(JSONLiteral(description: "\(microseconds / 1000).\(String(ascii: fraction.span))"))
    }
}
