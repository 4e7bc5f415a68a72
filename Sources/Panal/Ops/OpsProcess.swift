import HTTPServer
import Linux
import Logging
import Prefork
import SQL
import Telemetry
import Values

/// What runs beside the workers: it answers those who look after the service, whatever the workers do.
struct OpsProcess {
    private let settings: OpsSettings
    private let readings: ServiceReadings
    private let databases: PerThread<Database>?
    private let level: SharedLogLevel
    private let logger: Logger

    /// - Parameter databases: Those of the service; `nil` for one without.
    init(
        _ settings: OpsSettings,
        _ readings: ServiceReadings,
        _ databases: PerThread<Database>?,
        _ level: SharedLogLevel,
        _ logger: Logger
    ) {
        self.settings = settings
        self.readings = readings
        self.databases = databases
        self.level = level
        self.logger = logger
    }

    /// Answers until the supervisor wants it to leave.
    /// - Returns: The process's exit code.
    func run(_ worker: Worker) -> Int32 {
        readings.metrics.use(column: MetricsColumn.ops)
        let readiness = ServiceReadiness(worker.scoreboard)
        if let databases { readiness.watch { databases.current } }
        var router = Router()
        router.addOps(access: OpsAccess(token: settings.token), readings, readiness)
        router.addLogLevel(level, access: OpsAccess(token: settings.token), logger)
        var configuration = ServerConfiguration()
        // Nothing here waits for long, but for who reads slowly.
        configuration.maxThreads = 2
        configuration.maxConnections = 256
        configuration.maxBodySize = 4096
        // It leaves last, and whoever stops the service waits for that.
        configuration.drainGrace = .milliseconds(20)
        configuration.unhurriedDrainGrace = .milliseconds(20)
        do {
            try Server(configuration: configuration, router: router).run(
                listener: worker.listener,
                shutdown: worker.shutdown,
                whenReady: worker.becomeReady
            )
            return 0
        } catch {
            logger.error("ops process cannot serve", error: error)
            return 1
        }
    }
}
