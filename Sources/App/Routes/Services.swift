import Prefork
import Stays
import Values

/// What the routes need from the rest of the process.
struct Services: Sendable {
    /// One store for each thread that serves.
    let stores: PerThread<any StayStore>
    /// The present moment, for rules such as "not in the past".
    let now: @Sendable () -> Timestamp
    /// Whether the whole service is about to leave, so that balancers should look elsewhere. That one worker leaves while
    /// others serve is nobody's concern.
    let isLeaving: @Sendable () -> Bool
    /// Who may use `/v1`; empty leaves it open.
    let apiKeys: [APIKey]
    /// Told what each readiness probe finds: the log says why, the probe is answered in general terms.
    var noteReadiness: @Sendable (StoreReadiness) -> Void = { _ in }
}
