import ArgumentParser
import HTTPClient
import HTTPServer
import Linux
import Logging
import Prefork
import Telemetry

/// `serve`: binds the port, starts the workers and looks after them until told to stop.
struct Serve<S: Service>: ParsableCommand {
    static var name: String { "serve" }
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: name, abstract: "Serve requests until told to stop (TERM or INT).")
    }

    /// More than a worker can be told to have: memory that nobody uses costs none.
    private static var mostThreads: Int { 64 }

    func run() throws {
        // Nothing here may start a thread: the supervisor forks.
        let settings = S.settingsOrExit { fault in
            Logger.json(S.info, level: .error).error(
                "faulty configuration",
                metadata: [
                    "key": .string(fault.key), "value": .string(fault.value), "expected": .string(fault.expected),
                ]
            )
        }
        let logger = Logger.json(S.info, level: settings.server.logLevel)
        LoggingSystem.bootstrap { _ in JSONLogHandler(level: settings.server.logLevel) }
        warn(of: settings, logger)
        let notices = NoticeLog(level: settings.server.logLevel)
        if let notice = settings.database?.libraryNotice { notices.write(notice) }
        let budget = try settings.connectionBudgetOrExit(logger)
        let listener = try listen(settings.server, logger)
        let handlerTimes = try makeTable(logger) { () throws(SystemError) in
            try HandlerTimesTable(slots: Scoreboard.capacity, lanes: Self.mostThreads)
        }
        let hosts = try makeTable(logger) { () throws(SystemError) in try HostTable(slots: Scoreboard.capacity) }
        let process = WorkerProcess<S>(
            settings: settings,
            threads: budget.threads,
            logger: logger,
            handlerTimes: handlerTimes,
            hosts: hosts
        )
        let configuration = SupervisorConfiguration(settings.server, budget, title: S.info.name)
        let supervisor = Supervisor(
            configuration: configuration,
            listener: listener,
            notices: notices,
            report: report(on: handlerTimes, budget, workers: configuration.workers.lowerBound),
            worker: { process.run($0) }
        )
        throw ExitCode(supervisor.run().rawValue)
    }

    /// Says what is allowed and probably not meant.
    private func warn(of settings: ServiceSettings<S.Settings>, _ logger: Logger) {
        for misspelling in settings.misspellings {
            logger.warning(
                "unknown variable looks like a setting",
                metadata: ["variable": .string(misspelling.variable), "setting": .string(misspelling.setting)]
            )
        }
        if settings.server.shutdownTimeout <= settings.server.requestTimeout {
            logger.warning("SHUTDOWN_TIMEOUT should exceed REQUEST_TIMEOUT, or a stop cuts long requests off")
        }
    }

    /// What handlers take, and what comes of calls, is counted in memory that exists before the first fork.
    private func makeTable<Table>(_ logger: Logger, _ make: () throws(SystemError) -> Table) throws -> Table {
        do throws(SystemError) {
            return try make()
        } catch {
            logger.error("supervisor cannot start", error: error)
            throw ExitCode(Prefork.ExitCode.workersCannotBoot.rawValue)
        }
    }

    /// Once a minute: what handlers spent their time on, and what size of the pool that calls for.
    private func report(
        on table: HandlerTimesTable,
        _ budget: ConnectionBudget,
        workers: Int
    ) -> PeriodicReport {
        func state(workers: Int) -> PoolState {
            let limits = PoolLimits(.current, threads: budget.mostThreads)
            return PoolState(size: PoolSize(workers: workers, threads: budget.threads), limits: limits)
        }
        table.pool = state(workers: workers)
        let log = ConcurrencyLog(table)
        return PeriodicReport(interval: ConcurrencyLog.interval) { scoreboard in
            log.notice(state(workers: scoreboard.readyWorkers))
        }
    }

    private func listen(_ settings: ServerSettings, _ logger: Logger) throws -> Listener {
        let listener: Listener
        do {
            // The workers of a supervisor that was killed finish their requests first, and may take no longer than this.
            let patience = settings.shutdownTimeout
            let address = settings.listenAddress
            listener = try Listener.open(address, backlog: settings.backlog, timeout: patience) { reason in
                logger.warning(
                    "address in use, waiting",
                    metadata: [
                        "address": .string(String(describing: address)),
                        "timeoutMs": .milliseconds(patience),
                        "reason": .string(String(describing: reason)),
                    ]
                )
            }
        } catch .toldToStop {
            logger.info("stopped while it waited for the address")
            throw ExitCode.success
        } catch {
            logger.error("cannot listen", metadata: ["reason": .string(String(describing: error))])
            throw ExitCode(Prefork.ExitCode.addressUnavailable.rawValue)
        }
        if !listener.isShared, let longest = Listener.longestBacklog, longest < settings.backlog {
            logger.warning(
                "the kernel shortens the backlog: raise net.core.somaxconn, or set BACKLOG to what it allows",
                metadata: ["backlog": .number(settings.backlog), "somaxconn": .number(longest)]
            )
        }
        return listener
    }
}

extension Logger {
    /// A logger whose events are JSON lines on stdout.
    static func json(_ service: ServiceInfo, level: Logger.Level) -> Logger {
        Logger(label: service.name) { _ in JSONLogHandler(level: level) }
    }
}

extension ServerSettings {
    var listenAddress: ListenAddress {
        host.hasPrefix("unix:") ? .unix(path: String(host.dropFirst(5))) : .tcp(host: host, port: port)
    }
}

extension SupervisorConfiguration {
    init(_ settings: ServerSettings, _ budget: ConnectionBudget, title: String) {
        switch settings.workers {
        case .auto:
            self.init(workers: budget.workers)
            advisedWorkers = { ProcessorBudget.current.workers }
        case .range(let range): self.init(workers: range)
        }
        workerLimit = budget.mostWorkers.map { most in
            (most, "the database's \(budget.limit ?? 0) connections are enough for \(most) workers")
        }
        lanes = ServerConfiguration(settings, threads: budget.threads).threadCount
        bootTimeout = settings.bootTimeout
        shutdownTimeout = settings.shutdownTimeout
        drainDelay = settings.drainDelay
        maximumAge = settings.maxWorkerAge > .zero ? settings.maxWorkerAge : nil
        maximumMemory = settings.maxWorkerMemory > 0 ? settings.maxWorkerMemory : nil
        self.title = title
    }
}
