public import Linux

/// A table of handler times as it was at one moment: all that was added until then, by route.
public struct HandlerTimesReading: Equatable, Sendable {
    /// When it was read.
    public var time: MonotonicInstant
    /// The routes' names.
    public var names: [String]
    /// Each route's times, in the order of the names.
    public var times: [HandlerTimes]

    /// What was read.
    public init(time: MonotonicInstant, names: [String], times: [HandlerTimes]) {
        self.time = time
        self.names = names
        self.times = times
    }

    /// What a table held before anything was added.
    public static func nothing(at time: MonotonicInstant) -> HandlerTimesReading {
        HandlerTimesReading(time: time, names: [], times: [])
    }
}
