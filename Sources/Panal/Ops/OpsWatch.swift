import Jobs
import Linux
import Logging
import SQL
import Telemetry
import Values

/// What the ops process looks at again and again, on a thread of its own, so that nobody who asks waits for it: the store, the
/// jobs in it, and whether metrics have found no room.
final class OpsWatch: Sendable {
    private let logger: Logger
    private let metrics: MetricsTable
    /// What is wrong with the store, as it was seen last.
    private let store = Lock(Sight())
    private let backlog = Lock<[JobRegister.Backlog]>([])

    private struct Sight {
        var obstacle: String?
        /// When it was seen, or is to be seen at first; `nil` where there is nothing to see.
        var time: MonotonicInstant?
    }

    /// After so long without a look that came to its end the store is taken for stuck, such as by a disk that does not answer.
    private static let longestLook = Duration.seconds(5)

    /// How often to look, and how long a look may take.
    private static let interval = Duration.seconds(1)
    /// How often to count jobs, which is a look at all of them; and when again, if that failed: the service may have none, or
    /// more than can be counted in time.
    private static let timeBetweenCounts = Duration.seconds(5)
    private static let timeAfterFailure = Duration.seconds(60)

    init(_ metrics: MetricsTable, _ logger: Logger) {
        self.metrics = metrics
        self.logger = logger
    }

    /// Looks as long as the process lives.
    /// - Parameter databases: Those of the service; `nil` for one without.
    func start(_ databases: PerThread<Database>?) {
        if databases != nil { store.withLock { $0.time = .now } }
        let thread = try? Thread.start { self.run(databases?.current) }
        thread?.detach()
    }

    private func run(_ database: Database?) {
        var nextCount = MonotonicInstant.now
        while true {
            let begin = MonotonicInstant.now
            if metrics.claimsOverflowNotice() {
                logger.warning(
                    "metrics have more series than there is room for, what comes beyond is counted together",
                    metadata: [
                        "series": .number(MetricsTable.capacity), "ofOne": .number(MetricsTable.capacityOfAMetric),
                    ]
                )
            }
            if let database {
                look(at: database, until: begin + Self.interval)
                if begin >= nextCount {
                    nextCount = begin + (count(in: database) ? Self.timeBetweenCounts : Self.timeAfterFailure)
                }
            }
            var poll = Poll()
            poll.wait(atMost: begin + Self.interval - .now)
        }
    }

    private func look(at database: Database, until end: MonotonicInstant) {
        database.deadline = end.suspendingClockInstant
        let found: String? =
            switch database.readiness() {
            case .ready: nil
            case .readable(let obstacle): obstacle.summary
            case .unready(let error): error.summary
            }
        store.withLock { $0 = Sight(obstacle: found, time: .now) }
    }

    /// - Returns: Whether they could be counted.
    private func count(in database: Database) -> Bool {
        guard storeObstacle == nil else { return true }
        database.deadline = (MonotonicInstant.now + Self.interval).suspendingClockInstant
        let found = try? JobRegister(database, hostTime: { .now() }).backlog()
        backlog.withLock { $0 = found ?? [] }
        return found != nil
    }

    /// Why the store cannot serve; `nil` when it can, or when it has not been looked at.
    var storeObstacle: String? {
        let seen = store.withLock { $0 }
        guard let time = seen.time, .now - time > Self.longestLook else { return seen.obstacle }
        return "the store has not answered for some seconds"
    }

    /// The jobs, as they were counted last.
    var jobs: [JobRegister.Backlog] { backlog.withLock { $0 } }
}
