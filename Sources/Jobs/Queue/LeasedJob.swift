import Values

/// A job that one worker has for a while: nobody else runs it until its lease is over.
struct LeasedJob: Sendable {
    /// Its number.
    let id: Int64
    let kind: String
    let payload: String
    /// Where in a trace it was added, as `traceparent` has it.
    let traceparent: String?
    /// The same with each attempt.
    let idempotencyID: String
    /// Which attempt this is, from 1.
    let attempt: Int
    let maximumAttempts: Int
    let orderingKey: String?
    let createdAt: Timestamp
    /// What only its holder knows: who comes with another one is too late.
    let lease: String
}
