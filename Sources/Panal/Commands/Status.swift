import ArgumentParser
import Glibc
import HTTPClient
import Linux
import Prefork
import Telemetry

/// `status`: what the running service does.
struct Status<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "status",
            abstract: "Show what the running service does: workers, routes, and the workers and threads it needs.",
            discussion: """
                It looks at the memory of the service of this program that runs on this host, which does not notice. Run it as \
                the user that runs the service. In a terminal it looks again each second, until q is pressed; elsewhere, and with \
                --once, --json or --seconds, it prints what it sees and ends. Percentiles and recent events are there when the \
                service has an OPS_PORT.
                """
        )
    }

    @Option(help: "The supervisor's process, where several services of this program run.")
    var pid: Int32?

    @Flag(help: "Look at the job workers, rather than at those that serve requests.")
    var work = false

    @Option(help: "Measure handlers for so many seconds from now on, rather than since the service started.")
    var seconds: Int?

    @Flag(help: "One JSON object, and end.")
    var json = false

    @Flag(help: "Print what it does now and end, in a terminal too.")
    var once = false

    @Option(help: "In a terminal, look again every so many seconds.")
    var interval = 1

    func validate() throws {
        if let seconds, !(1...3600).contains(seconds) {
            throw ValidationError("--seconds must be a number from 1 to 3600.")
        }
        if !(1...3600).contains(interval) { throw ValidationError("--interval must be a number from 1 to 3600.") }
    }

    func run() throws {
        let service: RunningService
        do throws(RunningService.NotFound) {
            service = if let pid { try RunningService(supervisor: pid) } else { try find() }
        } catch {
            StandardError.write("\(error)\n")
            throw ExitCode.failure
        }
        if !once, !json, seconds == nil, let screen = TerminalScreen() { return try show(service, on: screen) }
        let hosts = service.memory(HostTable.name).flatMap { HostTable(reading: $0) }
        let status = ServiceStatus(
            supervisor: service.supervisor,
            service.scoreboard,
            concurrency: measure(service),
            hosts: hosts?.read() ?? []
        )
        print(json ? status.json : status.text, terminator: json ? "\n" : "")
    }

    private func show(_ service: RunningService, on screen: TerminalScreen) throws {
        // Whoever named a process may have started another one since.
        let live = LiveStatus(name: S.info.name, interval: .seconds(interval)) { () throws(RunningService.NotFound) in
            try find()
        }
        let signal = try live.run(screen, service)
        screen.close()
        // As shells say it of who was ended by a signal.
        if let signal { throw ExitCode(128 + signal) }
    }

    /// Only who serves requests counts what their handlers take.
    private func find() throws(RunningService.NotFound) -> RunningService {
        try .find { service in (service.memory(HandlerTimesTable.name) == nil) == work }
    }

    private func measure(_ service: RunningService) -> ServiceStatus.Concurrency? {
        guard let table = service.memory(HandlerTimesTable.name).flatMap({ HandlerTimesTable(reading: $0) }) else {
            return nil
        }
        var earlier = HandlerTimesReading.nothing(at: table.madeAt)
        if let seconds {
            earlier = table.read()
            sleep(UInt32(seconds))
        }
        return ServiceStatus.Concurrency(
            report: ConcurrencyReport(from: earlier, to: table.read()),
            pool: table.pool(on: service.scoreboard)
        )
    }
}
