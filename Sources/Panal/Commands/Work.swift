import ArgumentParser
import HTTPClient
import Jobs
import Linux
import Logging
import Prefork
import Telemetry

/// `work`: starts the job workers and looks after them until told to stop.
struct Work<S: Service>: ParsableCommand {
    static var name: String { "work" }
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: name,
            abstract: "Run the service's jobs until told to stop (TERM or INT).",
            discussion: "Jobs are what handlers leave to be done outside of a request, and what is done periodically."
        )
    }

    func run() throws {
        // Nothing here may start a thread: the supervisor forks.
        let (settings, level, logger) = try S.startingSettings()
        guard let work = settings.work else {
            throw refusal("the service has no database to keep jobs in: it declares no migrations", logger)
        }
        guard hasJobs(settings, logger) else {
            throw refusal("the service has no jobs to run: it declares none in addJobs", logger)
        }
        let operations = try Operations<S>(port: work.opsPort, settings, level, logger)
        let notices = operations.noticeLog(readyMessage: "job workers ready")
        let budget = try settings.connectionBudgetOrExit(
            for: .jobs,
            workers: work.workers,
            threads: work.threads,
            others: work.opsPort == nil ? 0 : 1,
            logger
        )
        let hosts = try S.makeHostTable(logger)
        let process = JobWorkerProcess<S>(
            settings: settings,
            work: work,
            threads: budget.threads,
            logger: logger,
            hosts: hosts,
            metrics: operations.metrics,
            tracer: operations.tracer
        )
        var configuration = SupervisorConfiguration(
            settings.server,
            workers: work.workers,
            budget,
            lanes: JobLog.lanes(budget.threads),
            title: S.info.name
        )
        configuration.workerName = "job worker"
        // At a stop nothing new is begun: no load balancer has to be waited for.
        configuration.drainDelay = .zero
        var supervisor = Supervisor(configuration: configuration, notices: notices, worker: { process.run($0) })
        try operations.join(&supervisor, hosts: hosts)
        throw ArgumentParser.ExitCode(supervisor.run().rawValue)
    }

    private func refusal(_ reason: String, _ logger: Logger) -> ArgumentParser.ExitCode {
        logger.error("nothing to work on", metadata: ["reason": .string(reason)])
        return faultyConfiguration
    }

    /// Asked by a child: what a service does to make its handlers must not happen in the process that forks.
    private func hasJobs(_ settings: ServiceSettings<S.Settings>, _ logger: Logger) -> Bool {
        let answer = ChildProcess.run(within: .seconds(5)) {
            let dependencies = Dependencies<S.Settings>(
                settings: settings,
                databases: S.databases(settings, logger),
                logger: logger
            )
            return S.jobHandlers(dependencies).isEmpty ? "none" : "some"
        }
        return answer != "none"
    }
}
