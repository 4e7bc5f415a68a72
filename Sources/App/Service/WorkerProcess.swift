import HTTPServer
import Logging
import Prefork
import SQL
import StaysStore
import Telemetry
import Values

/// What runs in a worker: the engine, the routes and the store joined to the process model.
struct WorkerProcess: Sendable {
    let settings: Settings
    let logger: Logger

    /// Serves until the supervisor wants the worker to leave.
    /// - Returns: The worker's exit code.
    func run(_ worker: Worker) -> Int32 {
        defer {
            LogOutput.standardOutput.reportDropped()
            worker.slot.setDroppedLogLines(LogOutput.standardOutput.droppedLines)
        }
        let readinessLog = ReadinessLog(logger, metadata: ["worker": .number(worker.slot.pid)])
        let services = Services(
            databases: PerThread { Database(settings.databaseURL, migrations: StaysStore.migrations) },
            store: { StaysStore($0) },
            now: { .now() },
            isLeaving: { worker.isLast },
            apiKeys: settings.apiKeys,
            noteReadiness: { readinessLog.note($0) }
        )
        // Opens the store before the first request has to wait for it. A worker without its store serves all the same:
        // liveness, readiness with the reason, and everything else as soon as the store is there.
        let readiness = services.databases.current.readiness()
        readinessLog.note(readiness)
        // But no running release gives way to one whose store is not ready, such as one that has not been migrated.
        if worker.listener == nil, case .unready = readiness { return 1 }
        let router = Router(services)
        let server = Server(
            configuration: ServerConfiguration(settings),
            router: router,
            observer: ServiceObserver(
                worker: worker,
                databases: services.databases,
                routes: router.routes,
                logger: logger
            )
        )
        do {
            // Ready only with an event loop at hand: in a roll the predecessor leaves at that word.
            try server.run(
                listener: worker.listener,
                shutdown: worker.shutdown,
                isLast: { worker.isLast },
                whenReady: worker.becomeReady
            )
            return 0
        } catch {
            logger.error("worker cannot serve", error: error, metadata: ["worker": .number(worker.slot.pid)])
            return 1
        }
    }
}

extension ServerConfiguration {
    init(_ settings: Settings) {
        self.init()
        maxBodySize = settings.maxBodySize
        maxBodyMemory = settings.maxBodyMemory
        maxConnections = settings.maxConnections
        keepAliveTimeout = settings.keepAliveTimeout
        requestTimeout = settings.requestTimeout
        drainTimeout = settings.shutdownTimeout
        trustedProxies = settings.trustedProxies
        if settings.maxRequests > 0 {
            // Up to a tenth more, so that workers that started together do not leave together.
            maxRequests = settings.maxRequests + Int.random(in: 0...settings.maxRequests / 10)
        }
    }
}
