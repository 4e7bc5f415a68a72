public import HTTPClient
public import HTTPServer
import Linux
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

    /// Calls other services, for work that no request waits for. What it learns of hosts it shares with all workers.
    public let client: HTTPClient

    /// One connection for each thread that serves; `nil` for a service without a database.
    let databases: PerThread<Database>?

    /// Counts what callers and addresses ask for.
    let limiters: RateLimiters

    /// Told what each readiness probe finds: the log says why, the probe is answered in general terms.
    let noteReadiness: @Sendable (DatabaseReadiness) -> Void

    init(
        settings: ServiceSettings<Settings>,
        databases: PerThread<Database>?,
        client: HTTPClient? = nil,
        limiters: RateLimiters? = nil,
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
        self.limiters = limiters ?? .alone(settings.server)
        self.client = client ?? .alone(settings.client)
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

    /// Calls other services for this request: within its deadline, with its id, as part of its trace.
    public func client(for request: Request) -> HTTPClient {
        var client = client
        client.deadline = MonotonicInstant(nanoseconds: Int64(clamping: request.monotonicTimes.deadline))
        client.requestID = request.id
        if let context = request.traceContext {
            client.trace = HTTPClient.Trace(context, state: request.traceState)
        }
        return client
    }

    /// Who may ask the service's routes.
    var access: AccessControl { AccessControl(keys: server.apiKeys, limiters: limiters, now: now) }
}

extension HTTPClient {
    /// One that shares what it learns of hosts with nobody: for admin tasks and tests.
    fileprivate static func alone(_ settings: HTTPClientSettings) -> HTTPClient {
        do {
            return try HTTPClient(Configuration(settings, service: nil))
        } catch {
            preconditionFailure("there is no memory for what is known of other services: \(error)")
        }
    }
}
