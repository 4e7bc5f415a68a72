import Prefork
import SQL
import Stays
import Values

/// What the routes need from the rest of the process.
struct Services: Sendable {
    /// One connection for each thread that serves.
    let databases: PerThread<Database>
    /// The rooms and bookings in a database.
    let store: @Sendable (Database) -> any StayStore
    /// The present moment, for rules such as "not in the past".
    let now: @Sendable () -> Timestamp
    /// Whether the whole service is about to leave, so that balancers should look elsewhere. That one worker leaves while
    /// others serve is nobody's concern.
    let isLeaving: @Sendable () -> Bool
    /// Whether a database can serve.
    var readiness: @Sendable (Database) -> DatabaseReadiness = { $0.readiness() }
    /// Who may use `/v1`; empty leaves it open.
    let apiKeys: [APIKey]
    /// Told what each readiness probe finds: the log says why, the probe is answered in general terms.
    var noteReadiness: @Sendable (DatabaseReadiness) -> Void = { _ in }
}
