import ArgumentParser
import Glibc
import Linux
import Logging
import SQL

/// `doctor`: looks at what the service is about to run in.
struct Doctor<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "doctor",
            abstract: "Look at what the service is about to run in, and say what to change.",
            discussion: """
                Run it where the service will run, with the same environment and as the same user. Nothing is changed, and no client \
                can connect to it. Exit codes: 0 the service can run, 1 something keeps it from serving, 78 faulty configuration; \
                with --strict 1 for advice, too.
                """
        )
    }

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "Exit with 1 when there is advice, too.")
    var strict = false

    @Option(help: "Instances of the service that share the database server.")
    var instances = 1

    @Option(
        help:
            "How long whoever stops the service waits before it kills, such as 30s; unset it is what the platform is known for."
    )
    var grace: String?

    @Option(
        help:
            "How long the balancer in front keeps idle connections, such as 60s; unset it is what the platform is known for."
    )
    var balancer: String?

    func validate() throws {
        if !(1...10_000).contains(instances) { throw ValidationError("--instances must be a number from 1 to 10000.") }
        _ = try expectations
    }

    func run() throws {
        let settings = S.settingsOrExit()
        let databases = S.databases(settings, Logger.waiting(S.info, settings))
        let variables = ProcessEnvironment.variables
        let surroundings = Surroundings(settings, variables, open: databases.map { all in { all.current } })
        let findings = Examination(settings: settings, surroundings: surroundings, expectations: try expectations)
            .findings
        let isColoured = isatty(STDOUT_FILENO) == 1 && variables["NO_COLOR", default: ""].isEmpty
        print(json ? findings.json : findings.text(isColoured: isColoured))
        guard findings.count(of: .fault) == 0, !strict || findings.count(of: .advice) == 0 else {
            throw ExitCode.failure
        }
    }

    private var expectations: Expectations {
        get throws {
            Expectations(
                instances: instances,
                grace: try Self.duration(grace, "--grace"),
                balancer: try Self.duration(balancer, "--balancer")
            )
        }
    }

    private static func duration(_ text: String?, _ option: String) throws -> Duration? {
        guard let text else { return nil }
        let format = SettingFormat.duration()
        guard let duration = format.parse(text) else { throw ValidationError("\(option) must be \(format.expected).") }
        return duration
    }
}
