package import HTTPServer
import Logging
import SQL
package import Values

extension Service {
    /// The router on a database that has been through all migrations; for PanalTesting.
    package static func testRouter(
        _ variables: [String: String],
        now: @escaping @Sendable () -> Timestamp
    ) throws -> Router {
        let settings = try settings(variables)
        if let url = settings.database?.url, let migrations {
            _ = try Migrator(url, migrations: migrations).migrate()
        }
        let logger = Logger(label: info.name) { _ in SwiftLogNoOpLogHandler() }
        return router(
            Dependencies(
                settings: settings,
                databases: databases(settings, logger),
                logger: logger,
                now: now
            )
        )
    }
}
