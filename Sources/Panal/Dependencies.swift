public import HTTPServer
public import Logging
import Prefork
public import SQL
import Telemetry
public import Values

/// What routes and admin tasks need from the rest of the process: settings, the database, the clock, the log.
public struct Dependencies<Settings: SettingsGroup>: Sendable {
    /// The service's own settings.
    public let settings: Settings

    /// Those that every service has.
    public let server: ServerSettings

    /// For events of the service's own; access and errors are logged already.
    public let logger: Logger

    /// The present moment, for rules such as "not in the past".
    public let now: @Sendable () -> Timestamp

    /// Whether the whole service is about to leave, so that balancers should look elsewhere. That one worker leaves while
    /// others serve is nobody's concern.
    public let isLeaving: @Sendable () -> Bool

    /// One connection for each thread that serves; `nil` for a service without a database.
    let databases: PerThread<Database>?

    /// Told what each readiness probe finds: the log says why, the probe is answered in general terms.
    let noteReadiness: @Sendable (DatabaseReadiness) -> Void

    init(
        settings: ServiceSettings<Settings>,
        databases: PerThread<Database>?,
        logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { .now() },
        isLeaving: @escaping @Sendable () -> Bool = { false },
        noteReadiness: @escaping @Sendable (DatabaseReadiness) -> Void = { _ in }
    ) {
        self.settings = settings.own
        server = settings.server
        self.logger = logger
        self.now = now
        self.isLeaving = isLeaving
        self.noteReadiness = noteReadiness
        self.databases = databases
    }

    /// The calling thread's database, for work that no request waits for.
    public var database: Database {
        guard let databases else { preconditionFailure("the service has no database: it declares no migrations") }
        return databases.current
    }

    /// The calling thread's database, told until when this request may wait.
    public func database(for request: Request) -> Database {
        let database = database
        database.deadline = request.deadline
        return database
    }

    /// Admits requests that carry one of the keys in `API_KEYS`, and tells handlers who asks; without keys it admits everything.
    public var apiKey: Admission { apiKeyRequired(server.apiKeys) }
}
