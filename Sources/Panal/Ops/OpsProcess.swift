import Glibc
import HTTPServer
import Linux
import Logging
import Prefork
import SQL
import Telemetry
import Values

/// What runs beside the workers: it answers those who look after the service, whatever the workers do.
struct OpsProcess {
    private let token: AccessToken?
    private let readings: ServiceReadings
    private let recent: RecentEvents
    private let databases: PerThread<Database>?
    private let level: SharedLogLevel
    private let logger: Logger

    /// - Parameters:
    ///   - token: What opens it; `nil` where only this host can reach it.
    ///   - recent: What the supervisor had to say.
    ///   - databases: Those of the service; `nil` for one without.
    ///   - level: Of the log, to be changed.
    init(
        token: AccessToken?,
        _ readings: ServiceReadings,
        _ recent: RecentEvents,
        _ databases: PerThread<Database>?,
        _ level: SharedLogLevel,
        _ logger: Logger
    ) {
        self.token = token
        self.readings = readings
        self.recent = recent
        self.databases = databases
        self.level = level
        self.logger = logger
    }

    /// After so long somebody who does not read what was sent is cut off.
    private static let unreadTime = Duration.seconds(5)

    /// Answers until the supervisor wants it to leave.
    /// - Returns: The process's exit code.
    func run(_ worker: Worker) -> Int32 {
        LogOutput.standardOutput.tellRepetitionsInTime()
        defer { LogOutput.standardOutput.reportDropped() }
        readings.metrics.use(column: MetricsColumn.ops)
        readings.watch.start(databases)
        let access = OpsAccess(token: token)
        var router = Router()
        router.addOps(access: access, readings)
        router.addLogLevel(level, access: access, logger)
        var configuration = ServerConfiguration()
        configuration.commonFields = SecurityHeaders().fields
        // Nothing here waits for long, but for who reads slowly, and with who watches.
        configuration.maxThreads = 2 + StatusFeed.mostWatchers
        configuration.writeTimeout = .seconds(2)
        // The kernel takes megabytes before a write waits; with so little to send that would be minutes.
        if let listener = worker.listener { FileDescriptor.limitUnreadTime(to: Self.unreadTime, of: listener) }
        // Who has no token could keep everybody else away by connections that say nothing.
        configuration.maxConnections = 1024
        configuration.headerTimeout = .seconds(2)
        configuration.keepAliveTimeout = .seconds(5)
        configuration.maxPipelined = 1
        configuration.maxBodySize = 4096
        // It leaves last, and whoever stops the service waits for that.
        configuration.drainGrace = .milliseconds(20)
        configuration.unhurriedDrainGrace = .milliseconds(20)
        configuration.drainTimeout = .seconds(1)
        do {
            let feed = try StatusFeed(readings, recent, processes: [getppid(), getpid()])
            router.addStatus(access: access, feed, until: worker.shutdown)
            feed.start()
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
