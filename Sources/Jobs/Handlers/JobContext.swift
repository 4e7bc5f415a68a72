package import Linux
public import SQL
public import Values

/// What a handler knows of the job that it runs, beside what there is to do.
public final class JobContext {
    /// Its number.
    public var id: Int64 { job.id }

    /// Its kind.
    public var kind: String { job.kind }

    /// Which attempt this is, from 1.
    public var attempt: Int { job.attempt }

    /// How many attempts it has.
    public var maximumAttempts: Int { job.maximumAttempts }

    /// The same for every attempt and no other job: a job is done at least once, and who must do it once keeps this beside what
    /// was done, or hands it to the other service as its idempotency key.
    public var idempotencyID: String { job.idempotencyID }

    /// When it was added.
    public var createdAt: Timestamp { job.createdAt }

    /// When it must be over. A worker that is still in it two seconds later is aborted.
    public var deadline: SuspendingClock.Instant { monotonicDeadline.suspendingClockInstant }

    package let monotonicDeadline: MonotonicInstant
    let job: LeasedJob
    /// Whether ``complete(in:)`` has said that it is done.
    private(set) var isCompleted = false

    init(_ job: LeasedJob, deadline: MonotonicInstant) {
        self.job = job
        monotonicDeadline = deadline
    }

    /// Says that the job is done, as a part of the transaction that writes what it has done: both are kept or none, so its effect
    /// on this database comes exactly once.
    ///
    /// ```swift
    /// try database.write {
    ///     try database.run("UPDATE account SET …")
    ///     try context.complete(in: database)
    /// }
    /// ```
    /// - Throws: ``LostLease`` when another worker has it by now: let the write fail with it.
    public func complete(in database: Database) throws {
        guard try database.complete(job) else { throw LostLease() }
        isCompleted = true
    }
}

/// A job was worked on for longer than its lease lasted without being renewed, and another worker has it.
public struct LostLease: Error, CustomStringConvertible {
    /// What happened.
    public var description: String { "the job's lease was lost: another worker has the job" }
}

/// What a handler throws to decide itself what becomes of a job. With any other error it is tried again, later each time.
public enum JobFailure: Error, CustomStringConvertible {
    /// No further attempt would change anything: it is dead at once.
    case final(String)

    /// It is tried again, if it has attempts left, and not before this time has passed: after the usual time if that is longer.
    case retry(after: Duration, String)

    /// Why.
    public var description: String {
        switch self {
        case .final(let reason), .retry(_, let reason): reason
        }
    }
}
