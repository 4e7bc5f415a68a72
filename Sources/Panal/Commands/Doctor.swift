import ArgumentParser
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
                Run it where the service will run, with the same environment and as the same user. Nothing is changed; its ports are \
                opened for a moment. The exit code is 1 when something keeps the service from running.
                """
        )
    }

    func run() throws {
        let settings = S.settingsOrExit()
        let logger = Logger.json(S.info, level: settings.server.logLevel)
        let databases = S.databases(settings, logger)
        let surroundings = Surroundings(settings, ProcessEnvironment.variables, open: databases.map { all in { all.current } })
        let findings = Examination(settings: settings, surroundings: surroundings).findings
        print(findings.map(\.line).joined(separator: "\n"))
        guard !findings.contains(where: { $0.weight == .fault }) else { throw ExitCode.failure }
    }
}

extension Finding {
    fileprivate var line: String {
        let mark =
            switch weight {
            case .fine: "ok    "
            case .advice: "advice"
            case .fault: "FAULT "
            }
        return "\(mark)  \(subject): \(text)" + (remedy.map { "\n        -> \($0)" } ?? "")
    }
}
