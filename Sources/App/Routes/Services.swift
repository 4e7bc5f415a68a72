import Prefork
import Stays

/// What the routes need from the rest of the process.
struct Services: Sendable {
    /// One store for each thread that serves.
    let stores: PerThread<any StayStore>
    /// The present moment, for rules such as "not in the past".
    let now: @Sendable () -> Timestamp
    /// Whether this worker is about to leave, so that balancers should look elsewhere.
    let isLeaving: @Sendable () -> Bool
    /// Who may use `/v1`; empty leaves it open.
    let apiKeys: [APIKey]
    /// Told what each readiness probe finds: the log says why, the probe is answered in general terms.
    var noteReadiness: @Sendable (StoreReadiness) -> Void = { _ in }
}
