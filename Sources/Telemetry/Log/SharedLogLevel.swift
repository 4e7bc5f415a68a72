public import Linux
public import Logging

/// The least severe level that a service's processes log, which can be changed while they run.
///
/// It is in memory that all of them share, made before the first fork. One process writes it.
public final class SharedLogLevel: Sendable {
    /// The level at the start, and again after ``reset()``.
    public let configured: Logger.Level
    private let memory: SharedMemory

    private static let levels = Logger.Level.allCases

    /// A level that nobody has changed yet.
    public init(_ configured: Logger.Level) throws(SystemError) {
        self.configured = configured
        memory = try SharedMemory("log level", size: 8)
    }

    /// The level now. A change is seen by each process with its next event.
    public var current: Logger.Level {
        let place = Int(clamping: memory.word(at: 0).loadRelaxed())
        return Self.levels.indices.contains(place - 1) ? Self.levels[place - 1] : configured
    }

    /// Whether an event of a level is logged.
    public func allows(_ level: Logger.Level) -> Bool { level >= current }

    /// Changes it, for all processes, until they are started anew.
    public func set(_ level: Logger.Level) {
        memory.word(at: 0).store(UInt64(1 + (Self.levels.firstIndex(of: level) ?? 0)))
    }

    /// Goes back to ``configured``.
    public func reset() { memory.word(at: 0).store(0) }
}
