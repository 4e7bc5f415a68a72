import Jobs
import Linux
import SQL
import Telemetry

/// What the operations of one thread's database take: counted, and as spans of what the thread is about.
final class StoreObserver: JobTracer {
    private let thread = ThreadTrace.current
    private let metrics: MetricsTable?
    private let retries: MetricCell?
    private let commits: MetricCell?

    /// Made on the database's thread.
    /// - Parameter metrics: where it counts; `nil` when nobody reads that.
    init(_ metrics: MetricsTable?) {
        self.metrics = metrics
        retries = metrics?.cell(MetricSeries(ServiceMetric.busyRetries, .counter))
        commits = metrics?.cell(MetricSeries(ServiceMetric.commitGroupSize, .counts))
    }

    var isWatching: Bool { metrics != nil || thread.span != nil }

    /// A job that is added belongs to the trace of the request that adds it.
    var traceparent: String? { thread.context?.traceparent }

    func ended(
        _ operation: DatabaseOperation,
        from start: MonotonicInstant,
        to end: MonotonicInstant,
        error: DatabaseError?
    ) {
        if metrics != nil { count(operation, (end - start).nanoseconds, error) }
        guard let span = thread.span?.child(Self.summary(operation), .client, at: start) else { return }
        span.add("db.system.name", .text(operation.dialect.name))
        span.add("db.operation.name", .text(operation.name))
        if let table = operation.table { span.add("db.collection.name", .text(table)) }
        if let error { span.fail(error.code) }
        span.end(at: end)
    }

    func retried() { retries?.add() }

    func committed(writes: Int) { commits?.record(Int64(writes)) }

    private static func summary(_ operation: DatabaseOperation) -> String {
        operation.table.map { "\(operation.name) \($0)" } ?? operation.name
    }

    /// Where an operation is counted, looked up once for each statement and error.
    private final class Cells {
        var succeeded: MetricCell?
        var failed: [String: MetricCell] = [:]
    }

    private func count(_ operation: DatabaseOperation, _ nanoseconds: Int64, _ error: DatabaseError?) {
        let cells: Cells
        if let known = operation.note as? Cells {
            cells = known
        } else {
            cells = Cells()
            operation.note = cells
        }
        let known = error.map { cells.failed[$0.code] } ?? cells.succeeded
        if let known { return known.record(nanoseconds) }
        var dimensions = [
            MetricSeries.Dimension("db.system.name", operation.dialect.name),
            MetricSeries.Dimension("db.operation.name", operation.name),
        ]
        if let table = operation.table { dimensions.append(MetricSeries.Dimension("db.collection.name", table)) }
        if let error { dimensions.append(MetricSeries.Dimension("error.type", error.code)) }
        guard
            let cell = metrics?.cell(
                MetricSeries(ServiceMetric.operationDuration, .operationDurations, dimensions)
            )
        else { return }
        if let error { cells.failed[error.code] = cell } else { cells.succeeded = cell }
        cell.record(nanoseconds)
    }
}

extension Dialect {
    /// As OpenTelemetry calls what speaks it.
    fileprivate var name: String {
        switch self {
        case .sqlite: "sqlite"
        case .postgreSQL: "postgresql"
        }
    }
}
