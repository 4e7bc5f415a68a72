import Linux

/// What handlers did in an interval: how many ran, what they took, how much of that they waited; and what size of the pool
/// that calls for.
public struct ConcurrencyReport: Equatable, Sendable {
    /// One route's part.
    public struct Route: Equatable, Sendable {
        /// Method and pattern, such as `GET /v1/rooms/{id}`.
        public var name: String
        /// What its handlers took in the interval.
        public var times: HandlerTimes

        /// A route's part.
        public init(name: String, times: HandlerTimes) {
            self.name = name
            self.times = times
        }
    }

    /// How long it was.
    public let interval: Duration
    /// The routes that were asked for, in the order of the router.
    public let routes: [Route]
    /// Of all routes.
    public let total: HandlerTimes

    /// Of which fewer requests nothing can be concluded.
    public static let leastRequests = 100

    /// What happened between two readings of one table.
    public init(from earlier: HandlerTimesReading, to later: HandlerTimesReading) {
        interval = later.time - earlier.time
        routes = zip(later.names, later.times).enumerated().compactMap { index, route in
            let before = index < earlier.times.count ? earlier.times[index] : HandlerTimes()
            let times = route.1 - before
            return times.requests > 0 ? Route(name: route.0, times: times) : nil
        }
        total = routes.reduce(HandlerTimes()) { $0 + $1.times }
    }

    /// Requests per second of some of them.
    public func rate(of times: HandlerTimes) -> Double {
        interval > .zero ? Double(times.requests) * 1e9 / Double(interval.nanoseconds) : 0
    }

    /// How many handlers were at work at a time, on average: arrivals per second times the seconds each took, which is their
    /// times together by the length of the interval (Little's law, L = λW: J. D. C. Little, Operations Research 9, 1961).
    ///
    /// A handler counts when it ends. One that takes long against the interval is counted late, and then whole.
    public func concurrency(of times: HandlerTimes) -> Double {
        interval > .zero ? Double(times.wall) / Double(interval.nanoseconds) : 0
    }

    /// The routes that waited longest in all, for something else than a processor.
    public func mostWaiting(_ count: Int) -> [Route] {
        Array(routes.filter { $0.times.waiting > 0 }.sorted { $0.times.waiting > $1.times.waiting }.prefix(count))
    }

    // MARK: - What size it calls for

    /// How many handlers must be at work at a time to keep the processors busy; infinite where they do nothing but wait.
    ///
    /// `processors × (1 + waiting / processor time)`, with full use of the processors as the aim (B. Goetz et al., Java
    /// Concurrency in Practice, section 8.2: N_threads = N_cpu × U_cpu × (1 + W/C)). It is Little's law once more: the
    /// processors' limit is processors / C requests per second, each of which takes W + C when it need not wait for a
    /// processor. So time on the run queue is left out: it would be there only because there is too much work already.
    ///
    /// What the server itself needs for a request is not in C, so for handlers of few microseconds that wait it is somewhat
    /// too much.
    public func neededConcurrency(for processors: Double) -> Double {
        guard total.processor > 0 else { return total.waiting > 0 ? .infinity : processors }
        return processors * (1 + Double(total.waiting) / Double(total.processor))
    }

    /// Workers for the processors (gunicorn's and puma's first rule, too: processes by cores), and in each so many threads
    /// that those who wait leave the processors to others: needed concurrency / workers, rounded up, at least 1 and at most
    /// what a worker may have.
    ///
    /// Threads are made when they are needed, so a service that has less to do than its processors could has no more of them.
    public func advice(within limits: PoolLimits) -> PoolAdvice {
        guard total.requests >= Self.leastRequests else { return .tooFewRequests }
        let workers = max(1, limits.workers)
        // A tenth of a thread is within what such a measurement may be wrong by.
        let threads = (neededConcurrency(for: limits.processors) / Double(workers) - 0.1).rounded(.up)
        return .size(PoolSize(workers: workers, threads: Int(min(Double(max(1, limits.threads)), max(1, threads)))))
    }
}
