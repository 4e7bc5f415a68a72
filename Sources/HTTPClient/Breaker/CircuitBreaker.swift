public import Linux

/// When a host is left alone.
public struct BreakerPolicy: Sendable, Hashable {
    /// Which part of the calls of all workers in the last ten seconds must have failed; above 1 a host is never left alone.
    public var failureShare = 0.5
    /// How many calls there must have been for that to say something.
    public var leastCalls = 10
    /// For how long the host is left alone before it is tried again.
    public var openTime: Duration = .seconds(5)

    /// The defaults.
    public init() {}
}

/// Whether a host may be called.
public enum CircuitState: Sendable, Hashable {
    /// It may.
    case closed
    /// Not before that moment.
    case open(until: MonotonicInstant)
    /// One call a worker may try it: its success closes the circuit for all workers, its failure opens it again.
    case halfOpen
}

/// What all workers have said of a host, and what follows from it. A value: its decisions are those of a pure function.
struct Circuit: Hashable, Sendable {
    /// Until when the host is left alone: the latest that any worker has said. Zero when none ever did.
    var openUntil = MonotonicInstant(nanoseconds: 0)
    /// When it was found well again: the latest that any worker has said.
    var closedAt = MonotonicInstant(nanoseconds: 0)

    func state(at now: MonotonicInstant) -> CircuitState {
        // A probe goes out when the host was left alone for long enough, so its success is later than that.
        if openUntil.nanoseconds == 0 || closedAt >= openUntil { return .closed }
        return now < openUntil ? .open(until: openUntil) : .halfOpen
    }

    /// Whether so many calls call for leaving it alone.
    static func trips(_ window: CallWindow, _ policy: BreakerPolicy) -> Bool {
        let calls = window.successes + window.failures
        return calls >= policy.leastCalls && Double(window.failures) >= Double(calls) * policy.failureShare
    }
}

/// What happened to a host's calls in the last seconds.
struct CallWindow: Hashable, Sendable {
    var successes = 0
    var failures = 0
    var retries = 0

    var attempts: Int { successes + failures }
}
