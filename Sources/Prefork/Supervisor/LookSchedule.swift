import Linux

/// When to look at the scoreboard: for requests over their deadline, for workers that grew too big, and for the load.
struct LookSchedule: Equatable {
    /// How often to look for requests over their deadline.
    private static let interval = Duration.seconds(1)
    /// How often to measure memory. It costs the kernel a walk over each worker's pages.
    private static let memoryInterval = Duration.seconds(10)

    private let interval: Duration?
    private let memoryInterval: Duration?
    private let abortDelay: Duration?
    private var next: MonotonicInstant?
    private var nextOfMemory: MonotonicInstant?
    /// Nobody is aborted for a request before this, because the supervisor itself was away.
    private var abortNotBefore: MonotonicInstant?

    init(_ configuration: SupervisorConfiguration, followsLoad: Bool) {
        abortDelay = configuration.abortDelay
        interval = followsLoad ? SizePolicy.interval : configuration.abortDelay.map { _ in Self.interval }
        memoryInterval = configuration.maximumMemory.map { _ in Self.memoryInterval }
    }

    /// When the next look is due.
    var nextDeadline: MonotonicInstant? { [next, nextOfMemory].compactMap(\.self).min() }

    mutating func start(at now: MonotonicInstant) {
        next = interval.map { now + $0 }
        nextOfMemory = memoryInterval.map { now + $0 }
    }

    /// Whether to look now, and if so, whether at memory too.
    mutating func take(at now: MonotonicInstant) -> (isDue: Bool, memory: Bool) {
        let memory = nextOfMemory.map { $0 <= now } ?? false
        guard memory || next.map({ $0 <= now }) ?? false else { return (false, false) }
        if memory { nextOfMemory = memoryInterval.map { now + $0 } }
        if next != nil { next = interval.map { now + $0 } }
        return (true, memory)
    }

    /// The supervisor was away: nobody is late because of that.
    mutating func forgive(at now: MonotonicInstant) { abortNotBefore = now + (abortDelay ?? .zero) }

    /// Whether a request has held its worker too long.
    func isOverdue(_ sample: Observation.Worker, at now: MonotonicInstant) -> Bool {
        due(sample).map { $0 <= now } ?? false
    }

    /// The next regular look may come late for a request that is known to be running.
    mutating func lookAgain(at sample: Observation.Worker) {
        guard let due = due(sample) else { return }
        next = next.map { min($0, due) }
    }

    /// When a worker would have to be aborted for the request it is in.
    private func due(_ sample: Observation.Worker) -> MonotonicInstant? {
        guard let abortDelay, let deadline = sample.deadline, sample.busySince != nil else { return nil }
        let due = deadline + abortDelay
        return abortNotBefore.map { max(due, $0) } ?? due
    }
}
