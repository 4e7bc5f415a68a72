import ArgumentParser
import HTTPServer
import HTTPTypes
import Prefork
import SQL
import StaysStore
import Telemetry
import Values

/// `App routes`: what the service answers.
struct Routes: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List all routes.")

    func run() throws {
        let settings = Settings.orExit()
        let services = Services(
            databases: PerThread { Database(settings.databaseURL, migrations: StaysStore.migrations) },
            store: { StaysStore($0) },
            now: { .now() },
            isLeaving: { false },
            apiKeys: settings.apiKeys
        )
        for route in Router(services).routes {
            let method = route.method.rawValue
            print(method + String(repeating: " ", count: max(1, 8 - method.count)) + route.pattern)
        }
    }
}
