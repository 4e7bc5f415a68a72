import Jobs
import Linux
import Logging
import Prefork
import SQL
import Telemetry
import Values

/// What a job worker does, told to the log and to the supervisor: each job is in the black box while it runs. What there is to
/// do is never told.
final class JobLog: JobObserver {
    private let worker: Worker
    private let logger: Logger
    private let threads: Int
    private let readiness: ReadinessLog
    private let spans: JobSpans
    private let activities: [Activity]
    private let metrics: MetricsTable?

    /// - Parameters:
    ///   - metrics: Where it counts them; `nil` when nobody reads that.
    ///   - tracer: What records them; `nil` when nobody takes that.
    init(
        _ worker: Worker,
        threads: Int,
        readiness: ReadinessLog,
        metrics: MetricsTable?,
        tracer: Tracer?,
        logger: Logger
    ) {
        self.metrics = metrics
        self.worker = worker
        self.logger = logger
        self.threads = threads
        self.readiness = readiness
        spans = JobSpans(tracer)
        activities = (0...threads).map { Activity($0 == 0 ? "idle" : "busy, \($0) of \(threads) jobs") }
        running(0)
    }

    /// The first lane is the thread's that hands the jobs out.
    static func lanes(_ threads: Int) -> Int { threads + 1 }

    func began(_ job: JobLabel, thread: Int, deadline: MonotonicInstant) {
        let lane = worker.slot.lane(thread + 1)
        lane.attachThread()
        let (kind, id) = (Array(job.kind.utf8), Array(String(job.id).utf8))
        unsafe lane.begin(Self.verb.span.bytes, kind.span.bytes, id: id.span.bytes, startedAt: .now, deadline: deadline)
        spans.began(job)
    }

    private static let verb = Array("JOB".utf8)

    func recording(_ job: JobLabel, thread: Int, deadline: MonotonicInstant) {
        // A database that is away for a while is no reason to be aborted: the job was done.
        worker.slot.lane(thread + 1).extend(until: deadline)
    }

    func ended(_ job: JobLabel, thread: Int, _ outcome: JobOutcome, duration: Duration) {
        worker.slot.lane(thread + 1).end()
        defer { spans.ended(outcome) }
        count(job, outcome, duration)
        var metadata = metadata(of: job)
        metadata["durationMs"] = .milliseconds(duration)
        switch outcome {
        case .done: logger.info("job done", metadata: metadata)
        case .failed(let error, let next):
            metadata["cause"] = .string(String(describing: error))
            metadata["nextAttempt"] = .string(next.description)
            logger.warning("job failed, it is tried again", metadata: metadata)
        case .dead(let error):
            metadata["cause"] = .string(String(describing: error))
            logger.error("job dead, it is kept with its error", metadata: metadata)
        case .lost(let error):
            if let error { metadata["cause"] = .string(String(describing: error)) }
            logger.warning("job lost, its lease was over or it was dropped", metadata: metadata)
        case .unrecorded(let error):
            metadata["reason"] = .string(String(describing: error))
            logger.error("job's outcome not recorded, it is run again when its lease is over", metadata: metadata)
        }
    }

    private func count(_ job: JobLabel, _ outcome: JobOutcome, _ duration: Duration) {
        let word =
            switch outcome {
            case .done: "done"
            case .failed: "failed"
            case .dead: "dead"
            case .lost: "lost"
            case .unrecorded: "unrecorded"
            }
        let dimensions: [MetricSeries.Dimension] = [.init("kind", job.kind), .init("outcome", word)]
        metrics?.cell(MetricSeries(ServiceMetric.jobDuration, .durations, dimensions)).record(duration.nanoseconds)
    }

    func exhausted(_ job: JobLabel) {
        logger.error("job dead, its worker did not come back from the last attempt", metadata: metadata(of: job))
    }

    func lostLease(_ job: JobLabel) {
        logger.warning("lease lost, another worker may run the job", metadata: metadata(of: job))
    }

    func missed(_ name: String, runs: Int) {
        logger.warning(
            "periodic work missed, it is done once now",
            metadata: ["kind": .string(name), "missed": .number(runs), "worker": .number(worker.slot.pid)]
        )
    }

    func heldUp(_ name: String) {
        logger.warning(
            "periodic work left out, the run before is not done",
            metadata: ["kind": .string(name), "worker": .number(worker.slot.pid)]
        )
    }

    func running(_ count: Int) {
        let count = min(count, threads)
        worker.show(activities[count])
        // By this the supervisor knows when more workers are called for: nothing runs in the lane of the thread that hands out.
        worker.siblings.publish(connections: 0, freeThreads: threads - count, waiting: 0, running: count)
    }

    func looked() { readiness.note(.ready) }

    func failed(_ error: any Error) {
        readiness.note(.unready(error as? DatabaseError ?? .failed(String(describing: error))))
    }

    func notWoken(because reason: String) {
        logger.warning(
            "nobody tells of new jobs, they are looked for every second",
            metadata: ["reason": .string(reason), "worker": .number(worker.slot.pid)]
        )
    }

    private func metadata(of job: JobLabel) -> Logger.Metadata {
        [
            "kind": .string(job.kind), "jobId": .number(job.id), "attempt": .number(job.attempt),
            "worker": .number(worker.slot.pid),
        ]
    }
}
