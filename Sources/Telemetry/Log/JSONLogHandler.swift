public import Logging

/// A swift-log backend: every event becomes one JSON line on stdout, its metadata top-level fields.
///
/// Metadata strings stay strings; integers and booleans keep their JSON type when given as
/// `Logger.MetadataValue.number(_:)`. A key that the line itself uses (`time`, `level`, `message`) is written
/// with an underscore before it.
public struct JSONLogHandler: LogHandler {
    /// The least severe level that is written. It follows the service's, if it has one, until it is set.
    public var logLevel: Logger.Level {
        get { ownLevel ?? serviceLevel?.current ?? .info }
        set { ownLevel = newValue }
    }
    private var ownLevel: Logger.Level?
    private let serviceLevel: SharedLogLevel?

    /// Fields of every event.
    public var metadata: Logger.Metadata = [:]
    /// Fields that depend on the moment: the ids of the request that the thread works on.
    public var metadataProvider: Logger.MetadataProvider? = ThreadTrace.logMetadata

    private let output: LogOutput

    /// A handler that lets events of `level` and above through to `output`.
    public init(level: Logger.Level, output: LogOutput = .standardOutput) {
        ownLevel = level
        serviceLevel = nil
        self.output = output
    }

    /// A handler whose level can be changed while the service runs.
    public init(level: SharedLogLevel, output: LogOutput = .standardOutput) {
        serviceLevel = level
        self.output = output
    }

    /// One field of every event.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one event as one line: the event's fields win over the provider's, those over the handler's. What repeats a
    /// warning or an error of the last seconds word for word is counted instead; the count follows as `repeated`.
    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        output.write(LoggedEvent(event, fields))
    }
}
