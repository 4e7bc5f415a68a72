import Linux

/// Which workers failed lately, and when they may be tried again, per number.
struct BootLedger: Equatable {
    private struct Entry: Equatable {
        var failures: Int
        var notBefore: MonotonicInstant
    }

    private let backoff: Backoff
    private var entries: [Int: Entry] = [:]

    init(_ backoff: Backoff) { self.backoff = backoff }

    func failures(of number: Int) -> Int { entries[number]?.failures ?? 0 }

    /// When a worker with this number may be forked, `nil` for at once.
    func notBefore(_ number: Int) -> MonotonicInstant? { entries[number]?.notBefore }

    mutating func succeed(_ number: Int) { entries[number] = nil }

    mutating func fail(_ number: Int, at now: MonotonicInstant, random: inout SplitMix64) {
        let failures = failures(of: number) + 1
        let wait = backoff.wait(afterFailures: failures, random: &random)
        entries[number] = Entry(failures: failures, notBefore: now + wait)
    }

    /// All waits are over that much later.
    mutating func shift(by duration: Duration) {
        entries = entries.mapValues { Entry(failures: $0.failures, notBefore: $0.notBefore + duration) }
    }
}
