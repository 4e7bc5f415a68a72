import Linux

/// How fast workers may be forked: a token bucket, so that a storm of crashes never becomes a storm of forks.
struct ForkBudget: Equatable {
    private let interval: Duration
    private let burst: Int
    private var tokens: Int
    private var filledAt: MonotonicInstant?

    init(perSecond: Int, burst: Int) {
        interval = .nanoseconds(1_000_000_000 / max(1, perSecond))
        self.burst = max(1, burst)
        tokens = self.burst
    }

    /// Whether a fork is allowed now. If so, it counts.
    mutating func take(at now: MonotonicInstant) -> Bool {
        refill(at: now)
        guard tokens > 0 else { return false }
        tokens -= 1
        return true
    }

    /// When the next fork is allowed, after ``take(at:)`` refused one.
    var nextToken: MonotonicInstant? { filledAt.map { $0 + interval } }

    private mutating func refill(at now: MonotonicInstant) {
        guard let filledAt, tokens < burst else {
            self.filledAt = now
            return
        }
        let passed = max(0, (now - filledAt).nanoseconds)
        let (due, rest) = passed.quotientAndRemainder(dividingBy: interval.nanoseconds)
        tokens = Int(min(Int64(burst), Int64(tokens) + due))
        self.filledAt = tokens == burst ? now : MonotonicInstant(nanoseconds: now.nanoseconds - rest)
    }
}
