import HTTPServer

/// How many workers and threads the connections of a database server are enough for.
///
/// Each thread of a worker that asks the database has a connection of its own, and a roll has one worker more for a moment.
struct ConnectionBudget: Hashable {
    /// Connections that this instance may have; `nil` when nothing limits them, or nobody knows.
    let limit: Int?

    /// The most workers that the settings ask for.
    let workers: Int

    /// Handlers of a worker that may wait at the same time.
    let threads: Int

    /// What the workers do.
    let use: Use

    /// What workers do, which says how many connections each has, and which settings are to be lowered.
    enum Use: Hashable {
        /// They answer requests: each thread that there is at most has a connection.
        case requests
        /// They run jobs: each thread that runs one has a connection, and the one that hands them out.
        case jobs

        var workersSetting: String {
            switch self {
            case .requests: "WEB_CONCURRENCY"
            case .jobs: "WORK_CONCURRENCY"
            }
        }

        var threadsSetting: String {
            switch self {
            case .requests: "WEB_THREADS"
            case .jobs: "WORK_THREADS"
            }
        }

        func connections(ofWorker threads: Int) -> Int {
            switch self {
            case .requests:
                var configuration = ServerConfiguration()
                configuration.maxThreads = threads
                return configuration.threadCount
            case .jobs: return threads + 1
            }
        }
    }

    /// Fits what is asked for into the limit. `auto` takes less: first of threads, then of workers.
    /// - Parameters:
    ///   - usableWorkers: What `auto` workers are on this host.
    /// - Throws: When what was asked for in numbers does not fit.
    init(
        limit: Int?,
        workers count: WorkerCount,
        usableWorkers: @autoclosure () -> Int,
        threads: ThreadCount,
        for use: Use = .requests
    ) throws(Exceeded) {
        self.limit = limit
        self.use = use
        let wanted =
            switch count {
            case .auto: usableWorkers()
            case .range(let range): range.upperBound
            }
        self.threads =
            switch threads {
            case .fixed(let count): count
            case .auto: Self.threads(for: wanted, within: limit, use)
            }
        switch count {
        case .auto:
            workers = Self.workers(withThreads: self.threads, within: limit, use).map { min($0, wanted) } ?? wanted
        case .range: workers = wanted
        }
        guard let limit, workers < 1 || needed > limit else { return }
        throw Exceeded(
            limit: limit,
            needed: Self.connections(workers: max(1, workers), threads: self.threads, use),
            workers: max(1, workers),
            threads: self.threads,
            mostWorkers: Self.workers(withThreads: self.threads, within: limit, use) ?? 0,
            mostThreads: Self.threadsThatFit(max(1, workers), within: limit, use),
            use: use
        )
    }

    /// The most connections that the service has at the same time.
    var needed: Int { Self.connections(workers: workers, threads: threads, use) }

    /// How many workers there may be; `nil` for any number.
    var mostWorkers: Int? { Self.workers(withThreads: threads, within: limit, use) }

    /// How many threads a worker could have.
    var mostThreads: Int { Self.threads(for: workers, within: limit, use) }

    private static func connections(workers: Int, threads: Int, _ use: Use) -> Int {
        (workers + 1) * use.connections(ofWorker: threads)
    }

    private static func workers(withThreads threads: Int, within limit: Int?, _ use: Use) -> Int? {
        limit.map { max(0, $0 / use.connections(ofWorker: threads) - 1) }
    }

    private static func threadsThatFit(_ workers: Int, within limit: Int, _ use: Use) -> Int {
        max(0, limit / (workers + 1) - use.connections(ofWorker: 0))
    }

    private static func threads(for workers: Int, within limit: Int?, _ use: Use) -> Int {
        guard let limit else { return ThreadCount.auto.count }
        return min(max(1, threadsThatFit(workers, within: limit, use)), ThreadCount.auto.count)
    }
}

extension ConnectionBudget {
    /// The settings ask for more connections than there are.
    struct Exceeded: Error, Hashable, CustomStringConvertible {
        let limit: Int
        let needed: Int
        let workers: Int
        let threads: Int
        let mostWorkers: Int
        let mostThreads: Int
        let use: Use

        var description: String {
            let perWorker = needed / (workers + 1)
            var remedies: [String] = []
            if mostWorkers >= 1 { remedies.append("set \(use.workersSetting) to \(mostWorkers) or less") }
            if mostThreads >= 1 { remedies.append("set \(use.threadsSetting) to \(mostThreads) or less, or to auto") }
            remedies.append("raise the server's max_connections")
            remedies.append("put a pooler such as PgBouncer before it")
            return
                "\(workers) workers, and one more during a roll, with \(perWorker) connections each need \(needed), and "
                + "there are \(limit): " + remedies.joined(separator: ", or ")
        }
    }
}
