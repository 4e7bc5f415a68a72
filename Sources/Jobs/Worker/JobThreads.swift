import Glibc
import Linux
import SQL
import Synchronization
import Values

/// The threads that run jobs, made on demand. Each has a connection of its own.
final class JobThreads: Sendable {
    private let handlers: JobHandlers
    private let configuration: JobWorkerConfiguration
    private let databases: @Sendable () -> Database
    private let observer: any JobObserver
    private let state = Lock(State())
    private let work = Semaphore()
    /// Readable when a thread has become free.
    let freed: EventFD

    private struct State {
        /// Those that no thread has begun.
        var waiting: [LeasedJob] = []
        /// All that are leased, by number.
        var leases: [Int64: Lease] = [:]
        var threads = 0
    }

    private struct Lease {
        let job: LeasedJob
        var end: MonotonicInstant
        /// Whether its handler has ended: what is found of it in the database is before or behind the record of that.
        var isBeingRecorded = false
    }

    init(
        _ handlers: JobHandlers,
        _ configuration: JobWorkerConfiguration,
        databases: @escaping @Sendable () -> Database,
        observer: any JobObserver
    ) throws(SystemError) {
        self.handlers = handlers
        self.configuration = configuration
        self.databases = databases
        self.observer = observer
        freed = try EventFD()
    }

    /// The jobs that are leased and not done.
    var running: [LeasedJob] { state.withLock { $0.leases.values.map(\.job) } }

    /// Whether its handler has not ended.
    func isRunning(_ job: LeasedJob) -> Bool {
        state.withLock { state in
            guard let lease = state.leases[job.id], lease.job.lease == job.lease else { return false }
            return !lease.isBeingRecorded
        }
    }

    /// Has a thread run a job, whose lease lasts until then.
    func run(_ job: LeasedJob, until end: MonotonicInstant) {
        let number = state.withLock { state -> Int? in
            state.waiting.append(job)
            state.leases[job.id] = Lease(job: job, end: end)
            guard state.leases.count > state.threads else { return nil }
            state.threads += 1
            return state.threads - 1
        }
        work.signal()
        guard let number else { return }
        do throws(SystemError) {
            try Thread.start { [self] in loop(number) }.detach()
        } catch {
            // Those that there are run it when they are free. If there is none, it is left to its lease.
            state.withLock { state in
                state.threads -= 1
                guard state.threads == 0 else { return }
                state.waiting = []
                state.leases = [:]
            }
            observer.failed(error)
        }
    }

    /// These leases last until then.
    func extend(_ jobs: [LeasedJob], until end: MonotonicInstant) {
        state.withLock { state in
            for job in jobs where state.leases[job.id] != nil { state.leases[job.id]?.end = end }
        }
    }

    private func loop(_ number: Int) {
        let database = databases()
        while true {
            work.wait()
            guard let job = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { continue }
            attempt(job, on: database, thread: number)
            state.withLock { state in
                if state.leases[job.id]?.job.lease == job.lease { state.leases[job.id] = nil }
            }
            freed.signal()
        }
    }

    private func attempt(_ job: LeasedJob, on database: Database, thread: Int) {
        let label = JobLabel(job)
        let start = MonotonicInstant.now
        let handler = handlers.handlers[job.kind]
        let deadline = start + (handler?.timeout ?? configuration.timeout)
        observer.began(label, thread: thread, deadline: deadline)
        let context = JobContext(job, deadline: deadline)
        database.deadline = context.deadline
        var failure: (any Error)?
        do {
            guard let handler else { preconditionFailure("only jobs that have a handler are leased") }
            try handler.run(job.payload, context)
        } catch {
            failure = error
        }
        let end = state.withLock { state -> MonotonicInstant in
            state.leases[job.id]?.isBeingRecorded = true
            // Renewals do not move it: a job that nobody can record would keep its thread for ever.
            return max(state.leases[job.id]?.end ?? .now, .now + configuration.leaseTime / 3)
        }
        observer.recording(label, thread: thread, deadline: end)
        let outcome = record(failure, of: context, on: database, until: end)
        observer.ended(label, thread: thread, outcome, duration: .now - start)
    }

    /// Records what became of an attempt. As long as the lease lasts it is tried again: otherwise the job would be done twice.
    /// - Parameter end: When the lease is over, as it was when the handler ended.
    private func record(
        _ failure: (any Error)?,
        of context: JobContext,
        on database: Database,
        until end: MonotonicInstant
    ) -> JobOutcome {
        let job = context.job
        if failure == nil, context.isCompleted { return .done }
        let clock = JobClock(database, hostTime: configuration.now)
        let queue = JobQueue(database, leaseTime: configuration.leaseTime, clock: { try clock.now() })
        var pause = Duration.milliseconds(50)
        var mayBeRecorded = false
        while true {
            database.deadline = end.suspendingClockInstant
            do {
                let outcome = try recordOnce(failure, of: job, in: queue)
                // Nobody else can have had it meanwhile: it was the attempt whose outcome was not known.
                if case .lost(nil) = outcome, mayBeRecorded { return .done }
                return outcome
            } catch {
                // The same would be refused again.
                if case DatabaseError.violated = error { return .unrecorded(error) }
                if case DatabaseError.unknownOutcome = error { mayBeRecorded = true }
                guard .now + pause < end else { return .unrecorded(error) }
                usleep(UInt32(pause.nanoseconds / 1_000))
                pause = min(pause * 2, .seconds(1))
            }
        }
    }

    private func recordOnce(_ failure: (any Error)?, of job: LeasedJob, in queue: JobQueue) throws -> JobOutcome {
        guard let failure else { return try queue.complete(job) ? .done : .lost(nil) }
        var generator = SystemRandomNumberGenerator()
        let delay = RetryDelay.after(failure, attempt: job.attempt, using: &generator)
        switch try queue.fail(job, because: String(describing: failure), retryAfter: delay) {
        case .retried(let next): return .failed(failure, nextAttempt: next)
        case .dead: return .dead(failure)
        case .lost: return .lost(failure)
        }
    }
}
