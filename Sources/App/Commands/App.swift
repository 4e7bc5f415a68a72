import ArgumentParser
import Prefork

/// The one binary: the service and its admin tasks, all configured by the environment.
@main
struct App: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "App",
        abstract: "A microservice of identical worker processes, and its admin tasks.",
        discussion: "All configuration comes from the environment; `App config` shows it.",
        subcommands: [
            Serve.self, Migrate.self, Seed.self, Config.self, Routes.self, Healthcheck.self, Version.self,
        ]
    )

    static func main() {
        let arguments = ProcessStart.arguments.dropFirst()
        // Before anything else: an order that comes early must not end the service. Other commands end by it as usual.
        if arguments.first == Serve.name { ProcessStart.holdSignals() }
        main(Array(arguments))
    }
}
