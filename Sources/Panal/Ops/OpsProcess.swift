import HTTPServer
import Linux
import Logging
import Prefork
import SQL
import Telemetry
import Values

/// What runs beside the workers: it answers those who look after the service, whatever the workers do.
struct OpsProcess {
    private let token: APIKey?
    private let readings: ServiceReadings
    private let databases: PerThread<Database>?
    private let logger: Logger

    /// - Parameters:
    ///   - token: What opens it; `nil` where only this host can reach it.
    ///   - databases: Those of the service; `nil` for one without.
    init(token: APIKey?, _ readings: ServiceReadings, _ databases: PerThread<Database>?, _ logger: Logger) {
        self.token = token
        self.readings = readings
        self.databases = databases
        self.logger = logger
    }

    /// Answers until the supervisor wants it to leave.
    /// - Returns: The process's exit code.
    func run(_ worker: Worker) -> Int32 {
        readings.metrics.use(column: MetricsColumn.ops)
        readings.watch.start(databases)
        var router = Router()
        router.addOps(access: OpsAccess(token: token), readings)
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
