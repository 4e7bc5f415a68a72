import ArgumentParser
import CoreMetrics
import HTTPClient
import Linux
import Logging
import Prefork
import Telemetry

/// What `serve` and `work` have for who looks after the service: the memory of metrics, events and traces, and the process beside
/// the workers that answers, and sends traces to a collector.
struct Operations<S: Service> {
    /// Where all processes count, the former program's in an upgrade; `nil` when nobody reads it.
    let metrics: MetricsTable?
    /// What records traces; `nil` when nobody takes them.
    let tracer: Tracer?
    /// Where the last of what the supervisor says is kept, the former program's in an upgrade; `nil` when nobody reads it.
    private let recent: RecentEvents?
    private let level: SharedLogLevel
    private let port: UInt16?
    private let settings: ServiceSettings<S.Settings>
    private let logger: Logger

    /// - Parameter port: Where that process listens; `nil` for a service without it.
    /// - Throws: The end of the process, when there is no memory.
    init(
        port: UInt16?,
        _ settings: ServiceSettings<S.Settings>,
        _ level: SharedLogLevel,
        _ logger: Logger
    ) throws {
        self.port = port
        self.settings = settings
        self.level = level
        self.logger = logger
        tracer = try S.makeTracer(settings.trace, logger)
        guard port != nil else {
            metrics = nil
            recent = nil
            return
        }
        recent = try S.makeTable(logger, RecentEvents.name, former: { RecentEvents(in: $0) }) {
            () throws(SystemError) in try RecentEvents()
        }
        let columns = MetricsColumn.count
        let former = { (memory: SharedMemory) in
            MetricsTable(in: memory).flatMap { $0.columns == columns ? $0 : nil }
        }
        let table = try S.makeTable(logger, MetricsTable.name, former: former) {
            () throws(SystemError) in try MetricsTable(columns: columns)
        }
        MetricsSystem.bootstrap(SharedMetrics(table))
        SupervisorMetrics(table).makeZeros()
        metrics = table
    }

    /// What writes down what the supervisor says.
    /// - Parameter readyMessage: What it says when all workers are ready.
    func noticeLog(readyMessage: String = "ready") -> NoticeLog {
        NoticeLog(
            level: level,
            format: settings.server.logFormat,
            readyMessage: readyMessage,
            metrics: metrics,
            recent: recent
        )
    }

    /// Gives a supervisor the process beside the workers, if there is to be one, and what the program that takes over in an
    /// upgrade goes on with.
    /// - Throws: The end of the process, when the port cannot be opened.
    func join(_ supervisor: inout Supervisor, handlerTimes: HandlerTimesTable? = nil, hosts: HostTable) throws {
        if handlerTimes != nil, let metrics { SupervisorMetrics(metrics).makeRequestZeros() }
        supervisor.keptMemory[MetricsTable.name] = metrics?.memory
        supervisor.keptMemory[HandlerTimesTable.name] = handlerTimes?.memory
        supervisor.keptMemory[HostTable.name] = hosts.memory
        supervisor.keptMemory[RecentEvents.name] = recent?.memory
        supervisor.keptMemory[SpanTable.name] = tracer?.table.memory
        let export = SpanExport(settings.trace, settings.client, S.info, tracer, metrics, logger)
        supervisor.companion = export.companion
        guard let metrics, let recent, let listener = try listen() else { return }
        let (settings, level, logger) = (settings, level, logger)
        supervisor.companion = Companion(name: "ops process", listener: listener) { worker in
            let readings = ServiceReadings(
                info: S.info,
                scoreboard: worker.scoreboard,
                metrics: metrics,
                handlerTimes: handlerTimes,
                hosts: hosts,
                watch: OpsWatch(metrics, logger)
            )
            let databases = S.databases(settings, logger)
            return export.run {
                OpsProcess(token: settings.ops.token, readings, recent, databases, level, logger).run(worker)
            }
        }
    }

    private func listen() throws -> Listener? {
        // The running service's is its own.
        guard let port, !ProcessStart.isPreflight else { return nil }
        let host = settings.ops.host
        do {
            let listener = try Listener.openForCompanion(.tcp(host: host, port: port))
            logger.info(
                "ops listening",
                metadata: ["host": .string(host), "port": .number(Int(listener.address.port ?? port))]
            )
            return listener
        } catch {
            logger.error("cannot listen for ops", metadata: ["reason": .string(String(describing: error))])
            // Its workers serve: they go on doing so.
            if ProcessStart.isTakeover { return nil }
            throw ArgumentParser.ExitCode(Prefork.ExitCode.addressUnavailable.rawValue)
        }
    }
}

extension Service {
    /// Where what comes of calls to other services is counted.
    static func makeHostTable(_ logger: Logger) throws -> HostTable {
        let slots = Scoreboard.capacity
        return try makeTable(logger, HostTable.name, former: { HostTable(in: $0, slots: slots) }) {
            () throws(SystemError) in try HostTable(slots: slots)
        }
    }

    /// Where what handlers take is counted.
    static func makeHandlerTimesTable(_ logger: Logger) throws -> HandlerTimesTable {
        // As many lanes as a worker can be told to have threads, and more: memory that nobody uses costs none.
        let (slots, lanes) = (Scoreboard.capacity, 64)
        return try makeTable(
            logger,
            HandlerTimesTable.name,
            former: { HandlerTimesTable(in: $0, slots: slots, lanes: lanes) }
        ) { () throws(SystemError) in try HandlerTimesTable(slots: slots, lanes: lanes) }
    }
}
