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

    func run() throws {
        // Nothing here may start a thread: the supervisor forks.
        let (settings, level, logger) = try S.startingSettings()
        warn(of: settings, logger)
        let operations = try Operations<S>(port: settings.ops.port, settings, level, logger)
        let notices = operations.noticeLog()
        if let notice = settings.database?.libraryNotice { notices.write(notice) }
        let budget = try settings.connectionBudgetOrExit(
            for: .requests,
            workers: settings.server.workers,
            threads: settings.server.threads,
            others: settings.ops.port == nil ? 0 : 1,
            logger
        )
        let listener = try listen(settings.server, logger)
        let handlerTimes = try S.makeHandlerTimesTable(logger)
        let hosts = try S.makeHostTable(logger)
        let limits = try S.makeRateLimitTables(settings.server, logger)
        let process = WorkerProcess<S>(
            settings: settings,
            threads: budget.threads,
            level: level,
            logger: logger,
            handlerTimes: handlerTimes,
            hosts: hosts,
            limits: limits,
            metrics: operations.metrics,
            tracer: operations.tracer
        )
        let configuration = SupervisorConfiguration(
            settings.server,
            workers: settings.server.workers,
            budget,
            lanes: ServerConfiguration(settings.server, threads: budget.threads).threadCount,
            title: S.info.name
        )
        var supervisor = Supervisor(
            configuration: configuration,
            listener: listener,
            notices: notices,
            report: report(on: handlerTimes, budget, workers: configuration.workers.lowerBound),
            worker: { process.run($0) }
        )
        try operations.join(&supervisor, handlerTimes: handlerTimes, hosts: hosts)
        supervisor.keptMemory.merge(limits.memory) { $1 }
        throw ExitCode(supervisor.run().rawValue)
    }

    /// Says what is allowed and probably not meant.
    private func warn(of settings: ServiceSettings<S.Settings>, _ logger: Logger) {
        if settings.server.shutdownTimeout <= settings.server.requestTimeout {
            logger.warning("SHUTDOWN_TIMEOUT should exceed REQUEST_TIMEOUT, or a stop cuts long requests off")
        }
        if settings.server.isOpenUnsaid {
            logger.warning("the API is open to whoever reaches it: set API_KEYS, to `open` if that is meant")
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

extension ServerSettings {
    var listenAddress: ListenAddress {
        host.hasPrefix("unix:") ? .unix(path: String(host.dropFirst(5))) : .tcp(host: host, port: port)
    }
}

extension SupervisorConfiguration {
    init(_ settings: ServerSettings, workers: WorkerCount, _ budget: ConnectionBudget, lanes: Int, title: String) {
        switch workers {
        case .auto:
            self.init(workers: budget.workers)
            advisedWorkers = { ProcessorBudget.current.workers }
        case .range(let range): self.init(workers: range)
        }
        workerLimit = budget.mostWorkers.map { most in
            (most, "the database's \(budget.limit ?? 0) connections are enough for \(most) workers")
        }
        self.lanes = lanes
        bootTimeout = settings.bootTimeout
        shutdownTimeout = settings.shutdownTimeout
        drainDelay = settings.drainDelay
        maximumAge = settings.maxWorkerAge > .zero ? settings.maxWorkerAge : nil
        maximumMemory = settings.maxWorkerMemory > 0 ? settings.maxWorkerMemory : nil
        self.title = title
    }
}
