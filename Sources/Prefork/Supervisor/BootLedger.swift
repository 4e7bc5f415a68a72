/// Which workers failed lately, and when they may be tried again: a capped exponential backoff with jitter, per number.
struct BootLedger: Equatable {
    private struct Entry: Equatable {
        var failures: Int
        var notBefore: MonotonicInstant
    }

    private let backoff: Duration
    private let longest: Duration
    private var entries: [Int: Entry] = [:]

    init(backoff: Duration, longest: Duration) {
        self.backoff = backoff
        self.longest = longest
    }

    func failures(of number: Int) -> Int { entries[number]?.failures ?? 0 }

    /// When a worker with this number may be forked, `nil` for at once.
    func notBefore(_ number: Int) -> MonotonicInstant? { entries[number]?.notBefore }

    mutating func succeed(_ number: Int) { entries[number] = nil }

    mutating func fail(_ number: Int, at now: MonotonicInstant, random: inout SplitMix64) {
        let failures = failures(of: number) + 1
        // Further doublings would be over any sensible cap, and over 64 bits.
        let doublings = min(failures - 1, 20)
        let wait = min(backoff * (1 << doublings), longest)
        let spread = Double.random(in: 0.75...1.25, using: &random)
        entries[number] = Entry(failures: failures, notBefore: now + wait * spread)
    }

    /// All waits are over that much later.
    mutating func shift(by duration: Duration) {
        entries = entries.mapValues { Entry(failures: $0.failures, notBefore: $0.notBefore + duration) }
    }
}
