import Linux

/// Whether a worker may be forked now, and if not, when to ask again: its own backoff, the system and the fork budget decide.
struct ForkGate: Equatable {
    /// How long the system is left alone when it has refused a fork.
    private static let pauseAfterRefusal = Duration.seconds(1)

    var ledger: BootLedger
    private var budget: ForkBudget
    private var pausedUntil: MonotonicInstant?
    /// When somebody who had to wait can be tried again.
    private(set) var retryAt: MonotonicInstant?

    init(_ configuration: SupervisorConfiguration) {
        ledger = BootLedger(configuration.backoff)
        budget = ForkBudget(
            perSecond: configuration.forksPerSecond,
            burst: 2 * configuration.workers.upperBound + 10
        )
    }

    /// Nobody waits, until somebody does again.
    mutating func forgetWaits() { retryAt = nil }

    /// Whether it is allowed now. If so, it counts.
    mutating func admit(_ number: Int, at now: MonotonicInstant) -> Bool {
        for wait in [ledger.notBefore(number), pausedUntil].compactMap(\.self) where wait > now {
            retry(at: wait)
            return false
        }
        guard budget.take(at: now) else {
            budget.nextToken.map { retry(at: $0) }
            return false
        }
        return true
    }

    /// The system has refused a fork.
    mutating func pause(at now: MonotonicInstant) { pausedUntil = now + Self.pauseAfterRefusal }

    private mutating func retry(at time: MonotonicInstant) { retryAt = min(retryAt ?? time, time) }
}
