import HTTPClient
import HTTPServer
import HTTPTypes
import Linux
import Logging
import Prefork
import SQL
import Telemetry
import Values

/// What runs in a worker: the engine, the routes and the database joined to the process model.
struct WorkerProcess<S: Service>: Sendable {
    let settings: ServiceSettings<S.Settings>
    /// Handlers that may wait at the same time.
    let threads: Int
    let level: SharedLogLevel
    let logger: Logger
    /// Where its threads add what handlers take.
    let handlerTimes: HandlerTimesTable
    /// Where it adds what comes of calls to other services.
    let hosts: HostTable
    /// Where it counts what is limited.
    let limits: RateLimitTables
    /// Where it counts; `nil` when nobody reads that.
    let metrics: MetricsTable?
    /// What records traces; `nil` when nobody takes them.
    let tracer: Tracer?

    /// Serves until the supervisor wants the worker to leave.
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
        tracer?.use(slot: worker.slot.index)
        let readinessLog = ReadinessLog(logger, metadata: ["worker": .number(worker.slot.pid)])
        let dependencies = S.dependencies(settings, of: worker, hosts, limits, metrics, tracer, logger) {
            readinessLog.note($0)
        }
        // Opens the database before the first request has to wait for it. A worker without its database serves all the same:
        // liveness, readiness with the reason, and everything else as soon as the database is there.
        if let databases = dependencies.databases {
            let readiness = databases.current.readiness()
            readinessLog.note(readiness)
            // But no running release gives way to one whose database is not ready, such as one that has not been migrated.
            if worker.isPreflight, case .unready = readiness { return 1 }
        }
        let router = S.router(dependencies)
        var configuration = ServerConfiguration(settings.server, threads: threads, pid: worker.slot.pid)
        configuration.commonFields = S.securityHeaders?.fields ?? []
        let server = Server(
            configuration: configuration,
            router: router,
            observer: ServiceObserver(
                worker: worker,
                databases: dependencies.databases,
                routes: router.routes,
                threads: threads,
                handlerTimes: handlerTimes,
                metrics: metrics,
                droppedLines: droppedLines,
                tracer: tracer,
                level: level,
                logger: logger
            ),
            siblings: WorkerSiblings(worker.siblings)
        )
        do {
            // Ready only with an event loop at hand: in a roll the predecessor leaves at that word.
            try server.run(
                listener: worker.listener,
                shutdown: worker.shutdown,
                whenReady: worker.becomeReady,
                isLast: { worker.isLast }
            )
            return 0
        } catch {
            logger.error("worker cannot serve", error: error, metadata: ["worker": .number(worker.slot.pid)])
            return 1
        }
    }
}

extension Service {
    /// What a worker's routes or jobs need.
    static func dependencies(
        _ settings: ServiceSettings<Settings>,
        of worker: Worker,
        _ hosts: HostTable,
        _ limits: RateLimitTables,
        _ metrics: MetricsTable?,
        _ tracer: Tracer?,
        _ logger: Logger,
        noteReadiness: @escaping @Sendable (DatabaseReadiness) -> Void = { _ in }
    ) -> Dependencies<Settings> {
        var client = HTTPClient(
            HTTPClient.Configuration(settings.client, service: info),
            hosts: hosts,
            slot: worker.slot.index
        )
        if tracer != nil { client.observer = CallSpans() }
        return Dependencies(
            settings: settings,
            databases: databases(settings, logger, onBarredFromWriting: worker.askForReplacement) {
                metrics == nil && tracer == nil ? nil : StoreObserver(metrics)
            },
            client: client,
            limiters: limits.limiters(slot: worker.slot.index),
            logger: logger,
            isLeaving: { worker.isLast },
            noteReadiness: noteReadiness
        )
    }
}

extension ServerConfiguration {
    /// - Parameters:
    ///   - threads: Handlers that may wait at the same time.
    ///   - pid: The worker's, for answers that say who gave them.
    init(_ settings: ServerSettings, threads: Int, pid: Int32 = 0) {
        self.init()
        maxThreads = threads
        queueTimeout = settings.queueTimeout
        if settings.debugHeaders == .on {
            signature = { thread in "X-Panal-Worker: \(pid)/\(thread)\r\n" }
        }
        maxBodySize = settings.maxBodySize
        maxBodyMemory = settings.maxBodyMemory
        maxConnections = settings.maxConnections
        keepAliveTimeout = settings.keepAliveTimeout
        requestTimeout = settings.requestTimeout
        drainTimeout = settings.shutdownTimeout
        trustedProxies = settings.trustedProxies
        proxyHeaders = settings.proxyHeaders
        if settings.maxRequests > 0 {
            // Up to a tenth more, so that workers that started together do not leave together.
            maxRequests = settings.maxRequests + Int.random(in: 0...settings.maxRequests / 10)
        }
    }
}
