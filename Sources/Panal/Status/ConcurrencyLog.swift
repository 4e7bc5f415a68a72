import Linux
import Prefork
import Telemetry

/// What the supervisor says once a minute: what handlers spent their time on since the last time, and what size of the pool
/// that calls for.
final class ConcurrencyLog {
    /// How often.
    static let interval = Duration.seconds(60)
    /// By which it is known.
    static let message = "time in handlers"

    private let table: HandlerTimesTable
    private let now: () -> MonotonicInstant
    private var last: HandlerTimesReading

    init(_ table: HandlerTimesTable, now: @escaping () -> MonotonicInstant = { .now }) {
        self.table = table
        self.now = now
        last = table.read(at: now())
    }

    /// What there is to say; `nil` when there were no requests.
    /// - Parameter pool: as it is now. Programs that look at the service see it too.
    func notice(_ pool: PoolState) -> Notice? {
        if table.pool != pool { table.pool = pool }
        let reading = table.read(at: now())
        defer { last = reading }
        return ConcurrencyReport(from: last, to: reading).notice(pool)
    }
}

extension ConcurrencyReport {
    /// How many of the routes are named that waited most.
    private static let namedRoutes = 3

    /// The report as one log line; `nil` when there were no requests.
    func notice(_ pool: PoolState) -> Notice? {
        guard total.requests > 0 else { return nil }
        var fields: [Notice.Field] = [
            .init("interval", .duration(interval)),
            .init("requests", .integer(total.requests)),
            .init("ioPercent", .integer(Int(((total.waitingShare ?? 0) * 100).rounded()))),
            .init("concurrency", .decimal(concurrency(of: total))),
            .init("workers", .integer(pool.size.workers)),
            .init("threads", .integer(pool.size.threads)),
        ]
        switch advice(within: pool.limits) {
        case .tooFewRequests: fields.append(.init("recommended", .text(PoolAdvice.tooFewRequestsText)))
        case .size(let size):
            fields.append(.init("recommendedWorkers", .integer(size.workers)))
            fields.append(.init("recommendedThreads", .integer(size.threads)))
        }
        let waited = mostWaiting(Self.namedRoutes)
        if !waited.isEmpty {
            let words = waited.map { route in
                let share = Int(((route.times.waitingShare ?? 0) * 100).rounded())
                return "\(route.name) \((Double(route.times.waiting) / 1e9).text(decimals: 3)) s, \(share) %"
            }
            fields.append(.init("waitedMost", .text(words.joined(separator: "; "))))
        }
        return Notice(.info, ConcurrencyLog.message, fields)
    }
}

extension PoolAdvice {
    /// In plain words.
    static let tooFewRequestsText = "too few requests to say"
}

extension PoolLimits {
    /// What this process may use now.
    /// - Parameter threads: the most that a worker may have.
    init(_ budget: ProcessorBudget, threads: Int) {
        self.init(processors: budget.processors, workers: budget.workers, threads: threads)
    }
}
