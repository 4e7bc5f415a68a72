import HTTPClient
import Jobs
import Linux
import Logging
import Prefork
import SQL
import Telemetry
import Values

/// What runs in a job worker: the service's handlers joined to the process model.
struct JobWorkerProcess<S: Service>: Sendable {
    let settings: ServiceSettings<S.Settings>
    let work: WorkSettings
    /// Jobs that run at the same time.
    let threads: Int
    let logger: Logger
    /// Where it adds what comes of calls to other services.
    let hosts: HostTable
    /// Where it counts; `nil` when nobody reads that.
    let metrics: MetricsTable?
    /// What records traces; `nil` when nobody takes them.
    let tracer: Tracer?

    /// How long to wait for the database before saying that the worker is ready all the same. It looks for it on, and a
    /// supervisor that gave up meanwhile would help nobody.
    private static var patience: Duration { .seconds(5) }
    private static var timeBetweenProbes: Duration { .milliseconds(200) }

    /// Works until the supervisor wants the worker to leave.
    /// - Returns: The worker's exit code.
    func run(_ worker: Worker) -> Int32 {
        LogOutput.standardOutput.tellRepetitionsInTime()
        metrics?.use(column: MetricsColumn.worker(worker.slot.index))
        let droppedLines = metrics.map { DroppedLinesMetric($0) }
        defer {
            LogOutput.standardOutput.reportDropped()
            droppedLines?.update()
            worker.slot.setDroppedLogLines(LogOutput.standardOutput.droppedLines)
        }
        let readinessLog = ReadinessLog(logger, metadata: ["worker": .number(worker.slot.pid)])
        tracer?.use(slot: worker.slot.index)
        let dependencies = S.dependencies(settings, of: worker, hosts, RateLimitTables(), metrics, tracer, logger)
        guard let databases = dependencies.databases else {
            preconditionFailure("without a database there is no job worker")
        }
        let jobs = S.jobHandlers(dependencies)
        let isReady = waitForDatabase(databases, worker, readinessLog)
        // No running release gives way to one whose database is not ready, such as one that has not been migrated.
        if worker.isPreflight, !isReady { return 1 }
        let configuration = JobWorkerConfiguration(
            threads: threads,
            leaseTime: work.leaseTime,
            timeout: work.timeout,
            now: dependencies.now
        )
        let log = JobLog(
            worker,
            threads: threads,
            readiness: readinessLog,
            metrics: metrics,
            tracer: tracer,
            logger: logger
        )
        do {
            let jobWorker = try JobWorker(
                // One that is only tried leaves the running service's jobs alone.
                worker.isPreflight ? JobHandlers() : jobs,
                configuration,
                databases: { databases.current },
                observer: log
            )
            worker.becomeReady()
            jobWorker.run(until: worker.shutdown)
            return 0
        } catch {
            logger.error("job worker cannot work", error: error, metadata: ["worker": .number(worker.slot.pid)])
            return 1
        }
    }

    private func waitForDatabase(_ databases: PerThread<Database>, _ worker: Worker, _ log: ReadinessLog) -> Bool {
        let end = MonotonicInstant.now + min(Self.patience, settings.server.bootTimeout / 2)
        while true {
            databases.current.deadline = end.suspendingClockInstant
            let readiness = databases.current.readiness()
            if case .ready = readiness { return true }
            guard .now + Self.timeBetweenProbes < end, !Poll.isReady(worker.shutdown, .read) else {
                log.note(readiness)
                return false
            }
            var poll = Poll()
            poll.add(worker.shutdown, .read)
            poll.wait(atMost: Self.timeBetweenProbes)
        }
    }
}

extension Service {
    /// What the service does outside of requests.
    static func jobHandlers(_ dependencies: Dependencies<Settings>) -> JobHandlers {
        var jobs = JobHandlers()
        addJobs(to: &jobs, dependencies)
        return jobs
    }
}
