import ArgumentParser
import HTTPServer
import HTTPTypes

/// `routes`: what the service answers.
struct Routes<S: Service>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "routes", abstract: "List all routes.")
    }

    func run() throws {
        for route in S.router(S.dependenciesOrExit()).routes {
            let method = route.method.rawValue
            print(method + String(repeating: " ", count: max(1, 8 - method.count)) + route.pattern)
        }
    }
}
