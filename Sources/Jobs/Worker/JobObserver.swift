public import Linux
public import Values

/// What a job worker tells: for the log, and for the supervisor's black box. Called by several threads at once.
public protocol JobObserver: Sendable {
    /// A thread begins to run a job, which must be over by the deadline.
    func began(_ job: JobLabel, thread: Int, deadline: MonotonicInstant)

    /// The job's handler has ended; what became of it is recorded by the deadline, if it can be.
    func recording(_ job: JobLabel, thread: Int, deadline: MonotonicInstant)

    /// The thread is done with it.
    func ended(_ job: JobLabel, thread: Int, _ outcome: JobOutcome, duration: Duration)

    /// A job had no attempt left when its last lease ended.
    func exhausted(_ job: JobLabel)

    /// A lease could not be renewed: another worker may have the job.
    func lostLease(_ job: JobLabel)

    /// A run of periodic work was added; so many before it were missed, because no worker ran.
    func missed(_ name: String, runs: Int)

    /// A run of periodic work was left out, because the one before is not done.
    func heldUp(_ name: String)

    /// So many threads are at work.
    func running(_ count: Int)

    /// The database was asked for jobs, and answered.
    func looked()

    /// The database does not answer; it is asked again.
    func failed(_ error: any Error)

    /// Nobody says when there is something to do, for this reason, so that it is looked for every second.
    func notWoken(because reason: String)
}

/// Which job it is, as logs name it.
public struct JobLabel: Sendable {
    /// Its number.
    public let id: Int64
    /// Its kind.
    public let kind: String
    /// Which attempt it is, from 1.
    public let attempt: Int
    /// Where in a trace it was added, as a `traceparent` of W3C Trace Context has it; `nil` for nowhere.
    public let traceparent: String?

    init(_ job: LeasedJob) {
        id = job.id
        kind = job.kind
        attempt = job.attempt
        traceparent = job.traceparent
    }
}

/// What became of an attempt.
public enum JobOutcome: Sendable {
    /// It is done.
    case done
    /// It failed and is tried again then.
    case failed(any Error, nextAttempt: Timestamp)
    /// It failed for the last time.
    case dead(any Error)
    /// Another worker has it by now, or somebody took it away; what it failed with, if it did.
    case lost((any Error)?)
    /// What became of it could not be recorded; it is run again when its lease is over.
    case unrecorded(any Error)
}
