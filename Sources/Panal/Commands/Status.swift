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
                the user that runs the service.
                """
        )
    }

    @Option(help: "The supervisor's process, where several services of this program run.")
    var pid: Int32?

    @Flag(help: "Look at the job workers, rather than at those that serve requests.")
    var work = false

    @Option(help: "Measure handlers for so many seconds from now on, rather than since the service started.")
    var seconds: Int?

    @Flag(help: "One JSON object.")
    var json = false

    func validate() throws {
        guard let seconds, !(1...3600).contains(seconds) else { return }
        throw ValidationError("--seconds must be a number from 1 to 3600.")
    }

    func run() throws {
        let service: RunningService
        do throws(RunningService.NotFound) {
            service = if let pid { try RunningService(supervisor: pid) } else { try find() }
        } catch {
            StandardError.write("\(error)\n")
            throw ExitCode.failure
        }
        let hosts = service.memory(HostTable.name).flatMap { HostTable(reading: $0) }
        let status = ServiceStatus(
            supervisor: service.supervisor,
            service.scoreboard,
            concurrency: measure(service),
            hosts: hosts?.read() ?? []
        )
        print(json ? status.json : status.text, terminator: json ? "\n" : "")
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
        return ServiceStatus.Concurrency(report: ConcurrencyReport(from: earlier, to: table.read()), pool: table.pool)
    }
}
