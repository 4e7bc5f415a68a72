public import Linux
public import SQL
public import Values

/// One process's work on the jobs of a database. The thread that runs it leases jobs, hands each to a thread that runs it, and
/// renews their leases; each thread records itself what became of its job.
public final class JobWorker {
    private let handlers: JobHandlers
    private let configuration: JobWorkerConfiguration
    private let database: Database
    private let observer: any JobObserver
    private let queue: JobQueue
    private let kinds: JobKinds
    private let waking: JobWaking
    private let threads: JobThreads
    /// When each schedule is next to be looked at.
    private var nextRuns: [Timestamp?]

    /// - Parameters:
    ///   - configuration: How many jobs at a time, and for how long.
    ///   - handlers: What does which kind of job.
    ///   - databases: Makes a thread's connection, or hands out the one it has.
    ///   - observer: Is told what happens.
    /// - Throws: When the system has no room for what it waits with.
    public init(
        _ handlers: JobHandlers,
        _ configuration: JobWorkerConfiguration,
        databases: @escaping @Sendable () -> Database,
        observer: any JobObserver
    ) throws(SystemError) {
        self.handlers = handlers
        self.configuration = configuration
        self.observer = observer
        database = databases()
        let clock = JobClock(database, hostTime: configuration.now)
        queue = JobQueue(database, leaseTime: configuration.leaseTime, clock: { try clock.now() })
        kinds = JobKinds(handlers.handlers.keys)
        waking = JobWaking(database)
        threads = try JobThreads(handlers, configuration, databases: databases, observer: observer)
        nextRuns = handlers.schedules.map { _ in nil }
    }

    /// Works until a descriptor is readable, and then until what was begun is done.
    /// - Parameter shutdown: Readable from the moment on which nothing is to be begun any more.
    public func run(until shutdown: CInt) {
        var isLeaving = false
        var nextRenewal = MonotonicInstant.now + configuration.leaseTime / 3
        /// Whether the leases of what runs were renewed when they had to be.
        var areHeld = true
        var shown = 0
        var toldObstacle: String?
        while true {
            threads.freed.clear()
            isLeaving = isLeaving || Poll.isReady(shutdown, .read)
            if threads.running.isEmpty {
                if isLeaving { break }
                nextRenewal = .now + configuration.leaseTime / 3
            }
            var pause = Duration.seconds(60)
            // Before anything is leased: after a stop that was longer than the leases, what runs here looks as if nobody had it.
            let held = threads.running
            if held.isEmpty {
                areHeld = true
            } else if .now >= nextRenewal {
                let renewal = renew(held)
                areHeld = renewal.isDone
                nextRenewal = .now + renewal.next
            }
            if !isLeaving, areHeld {
                do {
                    pause = try look()
                    observer.looked()
                } catch {
                    observer.failed(error)
                    pause = Self.pauseAfterFailure
                }
                if let obstacle = waking.obstacle, obstacle != toldObstacle { observer.notWoken(because: obstacle) }
                toldObstacle = waking.obstacle
            }
            let running = threads.running
            if running.count != shown {
                shown = running.count
                observer.running(shown)
            }
            if !running.isEmpty { pause = min(pause, nextRenewal - .now) }
            wait(atMost: pause, shutdown: isLeaving ? nil : shutdown, isLooking: areHeld)
        }
        // What this worker would have begun next, such as a job behind one of its ordering key, another may.
        try? database.write { try database.wakeWorkers() }
    }

    private static let pauseAfterFailure = Duration.seconds(1)

    /// Begins what is due and finds a thread.
    /// - Returns: How long there is nothing to be looked for.
    private func look() throws -> Duration {
        database.deadline = .now.advanced(by: configuration.leaseTime / 3)
        try waking.prepare()
        let now = try queue.now()
        let nextRun = try addRuns(at: now)
        let held = threads.running
        let free = configuration.threads - held.count
        // Nobody has to be told of what no thread is free for: who becomes free looks again.
        guard free > 0 else { return waking.interval }
        let leased = try queue.lease(free, of: kinds, except: Set(held.map(\.id)), at: now)
        for job in leased.exhausted { observer.exhausted(JobLabel(job)) }
        for job in leased.jobs { threads.run(job, until: .now + configuration.leaseTime) }
        if !leased.exhausted.isEmpty { return .zero }
        guard leased.jobs.count < free else { return waking.interval }
        let next = [try queue.nextDue(at: now), nextRun].compactMap(\.self).min()
        // Not all at the same moment.
        let interval = waking.interval * Double.random(in: 0.8...1.2)
        guard let next else { return interval }
        let left = Duration.microseconds(next.microsecondsSinceEpoch - now.microsecondsSinceEpoch)
        return max(.milliseconds(1), min(left, interval))
    }

    /// Adds the runs of periodic work that are due. Returns when the next is.
    private func addRuns(at now: Timestamp) throws -> Timestamp? {
        for (index, schedule) in handlers.schedules.enumerated() {
            if let next = nextRuns[index], next > now { continue }
            let claim = try schedule.claim(in: database, at: now)
            nextRuns[index] = claim.next
            if claim.missed > 0 { observer.missed(schedule.name, runs: claim.missed) }
            if claim.isHeldUp { observer.heldUp(schedule.name) }
        }
        return nextRuns.compactMap(\.self).min()
    }

    /// Returns whether the leases were renewed, and after what time to renew them again.
    private func renew(_ running: [LeasedJob]) -> (isDone: Bool, next: Duration) {
        do {
            database.deadline = .now.advanced(by: configuration.leaseTime / 3)
            let end = MonotonicInstant.now + configuration.leaseTime
            let lost = try queue.renew(running)
            threads.extend(running.filter { job in !lost.contains { $0.id == job.id } }, until: end)
            // What has ended and is being recorded may be gone for that reason.
            for job in lost where threads.isRunning(job) { observer.lostLease(JobLabel(job)) }
            return (true, configuration.leaseTime / 3)
        } catch {
            observer.failed(error)
            return (false, min(Self.pauseAfterFailure, configuration.leaseTime / 10))
        }
    }

    private func wait(atMost pause: Duration, shutdown: CInt?, isLooking: Bool) {
        let isLooking = isLooking && shutdown != nil && threads.running.count < configuration.threads
        // What came while something else was waited for is not announced again.
        if isLooking, waking.take() { return }
        var poll = Poll()
        poll.add(threads.freed.rawValue, .read)
        if let shutdown {
            poll.add(shutdown, .read)
            if isLooking, let descriptor = waking.descriptor { poll.add(descriptor, .read) }
        }
        poll.wait(atMost: max(pause, .zero))
    }
}

/// How a job worker works.
public struct JobWorkerConfiguration: Sendable {
    /// How many jobs it runs at the same time.
    public var threads: Int
    /// How long a lease lasts: for so long a job waits whose worker has died. It is renewed while the job runs.
    public var leaseTime: Duration
    /// For how long a job may run whose handler says nothing else.
    public var timeout: Duration
    /// The host's clock.
    public var now: @Sendable () -> Timestamp

    /// So many threads, leases and times.
    public init(
        threads: Int,
        leaseTime: Duration,
        timeout: Duration,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.threads = threads
        self.leaseTime = leaseTime
        self.timeout = timeout
        self.now = now
    }
}
