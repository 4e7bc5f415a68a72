import Linux

/// Where one process says what comes of its calls, and asks what all processes' came to.
final class HostLane: Sendable {
    private let table: HostTable
    private let slot: Int
    /// Places of hosts that this process has called.
    private let places = Lock<[String: Host]>([:])

    init(_ table: HostTable, slot: Int) {
        self.table = table
        self.slot = slot
        table.use(slot)
    }

    /// A host by its origin. Those behind the table's capacity share a place.
    /// - Parameter claiming: Whether it is given a place if it has none; otherwise it shares that one.
    func host(_ origin: String, claiming: Bool = true) -> Host {
        places.withLock { places in
            if let host = places[origin] { return host }
            let index = table.place(of: origin, claiming: claiming)
            let host = Host(table, slot: slot, index: index)
            // It may get a place of its own yet.
            if !claiming, index == HostTable.hostCapacity { return host }
            // Names that a client made up must not fill the memory.
            if places.count < 4 * HostTable.hostCapacity { places[origin] = host }
            return host
        }
    }

    /// One host, as one process sees it.
    final class Host: Sendable {
        private let table: HostTable
        private let slot: Int
        private let index: Int
        private let known = Lock(Known())

        /// What all processes have said, as it was a moment ago: asked for with each call, and not worth a look at each
        /// process's memory each time.
        private struct Known {
            var circuit = Circuit()
            var isReadAgainAt = MonotonicInstant(nanoseconds: 0)
        }

        private static let timeBetweenReadings = Duration.milliseconds(10)

        init(_ table: HostTable, slot: Int, index: Int) {
            self.table = table
            self.slot = slot
            self.index = index
        }

        private typealias Layout = HostTable.Layout

        private func word(_ offset: Int) -> SharedWord { table.memory.word(at: Layout.cell(index, slot) + offset) }

        /// Whether hosts have been told apart here.
        private var hasBreaker: Bool { index < HostTable.hostCapacity }

        private func circuit(at now: MonotonicInstant) -> Circuit {
            known.withLock { known in
                if now >= known.isReadAgainAt {
                    known.circuit = table.circuit(index)
                    known.isReadAgainAt = now + Self.timeBetweenReadings
                }
                return known.circuit
            }
        }

        private func forget() {
            known.withLock { $0.isReadAgainAt = MonotonicInstant(nanoseconds: 0) }
        }

        /// What an attempt needs to be made.
        enum Admission {
            case admitted
            /// The attempt that finds out whether the host is well again.
            case probe
            case refused(retryAfter: Duration)
        }

        /// - Parameter limit: When the attempt will have ended, if it becomes a probe: a probe that never says what came of it keeps
        ///   others of this process waiting for no longer.
        func admit(at now: MonotonicInstant, until limit: MonotonicInstant) -> Admission {
            guard hasBreaker else { return .admitted }
            switch circuit(at: now).state(at: now) {
            case .closed: return .admitted
            case .open(let until):
                word(Layout.refusals).add(1)
                return .refused(retryAfter: until - now)
            case .halfOpen:
                let probe = word(Layout.probeUntil)
                let other = probe.load()
                if Int64(truncatingIfNeeded: other) <= now.nanoseconds,
                    probe.replace(other, by: UInt64(clamping: limit.nanoseconds))
                {
                    return .probe
                }
                word(Layout.refusals).add(1)
                return .refused(retryAfter: .seconds(1))
            }
        }

        /// Whether there may be another retry; then it counts as made.
        func takeRetry(_ policy: RetryPolicy, at now: MonotonicInstant) -> Bool {
            let window = table.window(index, since: MonotonicInstant(nanoseconds: 0), at: now)
            guard policy.allows(retries: window.retries, of: window.attempts - window.retries) else { return false }
            count(.retry, at: now)
            word(Layout.retries).add(1)
            return true
        }

        /// What an attempt says of the host.
        enum Verdict {
            case well
            case failed
            /// Nothing: the caller had no time for it, or it is the caller's own affair.
            case unknown
        }

        func record(
            _ verdict: Verdict,
            _ failure: HostReading.Failure?,
            duration: Duration,
            isProbe: Bool,
            _ policy: BreakerPolicy,
            at now: MonotonicInstant
        ) {
            word(Layout.attempts).add(1)
            word(Layout.duration).add(UInt64(clamping: duration.nanoseconds))
            let bucket = HostReading.bounds.firstIndex { duration <= $0 } ?? HostReading.bounds.count
            word(Layout.buckets + bucket * 8).add(1)
            if let failure, let kind = HostReading.Failure.allCases.firstIndex(of: failure) {
                word(Layout.failures + kind * 8).add(1)
            }
            switch verdict {
            case .well:
                count(.success, at: now)
                if isProbe { say(Layout.closedAt, now) }
            case .failed:
                count(.failure, at: now)
                guard hasBreaker else { break }
                if isProbe {
                    say(Layout.openUntil, now + policy.openTime)
                } else if case let circuit = circuit(at: now), circuit.state(at: now) == .closed,
                    Circuit.trips(table.window(index, since: circuit.closedAt, at: now), policy)
                {
                    say(Layout.openUntil, now + policy.openTime)
                }
            case .unknown: break
            }
            if isProbe { word(Layout.probeUntil).store(0) }
        }

        private func say(_ offset: Int, _ moment: MonotonicInstant) {
            word(offset).store(UInt64(clamping: moment.nanoseconds))
            forget()
        }

        private func count(_ count: WindowWord.Count, at now: MonotonicInstant) {
            let second = WindowWord.second(now)
            let place = word(Layout.window + Int(second % Int64(Layout.seconds)) * 8)
            while true {
                let bits = place.loadRelaxed()
                if place.replace(bits, by: WindowWord(bits: bits).adding(count, at: second).bits) { return }
            }
        }
    }
}
