import Glibc
import Linux
import SQL
import TestDatabases
import Testing
import Values

@testable import Jobs

@Suite("A job worker")
struct JobWorkerTests {
    @Test("gives an outcome up that the database refuses, instead of keeping the job's lease for ever")
    func refusedOutcome() throws {
        let jobs = try JobsDatabase(on: .sqlite)
        // It refuses for twenty seconds: a worker that tries again is found out, and does not hang.
        try jobs.database.run(
            """
            CREATE TRIGGER refusal BEFORE UPDATE ON job
            WHEN NEW.error IS NOT NULL AND unixepoch() < \(HostClock.now.unixSeconds + 20)
            BEGIN SELECT RAISE(ABORT, 'refused'); END
            """
        )
        let witness = try Witness(leavingAfter: 1)
        var handlers = JobHandlers()
        handlers.on(Errand.self, timeout: .seconds(1)) { _, _ in throw LostLease() }
        try jobs.database.add(Errand(name: "one"), at: HostClock.now)
        try jobs.work(handlers, now: { HostClock.now }, witness: witness)
        let events = witness.events
        #expect(events.map(\.what) == ["began", "recording", "unrecorded"])
        // The time of the handler does not end while its outcome is recorded.
        let (handler, record) = (try #require(events[0].deadline), try #require(events[1].deadline))
        #expect(record > handler)
    }

    @Test("does not run a job beside itself when its lease is over and nothing was renewed")
    func overdueLease() throws {
        let jobs = try JobsDatabase(on: .sqlite)
        let clock = Lock(Time().now)
        let (witness, isOtherDone) = (try Witness(leavingAfter: 2), Semaphore())
        var handlers = JobHandlers()
        let opened = TestDatabase(jobs)
        handlers.on(Errand.self, timeout: .seconds(60)) { errand, context in
            guard errand.name == "slow" else { return isOtherDone.signal() }
            guard context.attempt == 1 else { return }
            // As if the host had slept: its lease is over. The worker is woken by another job.
            let now = clock.withLock { now in
                now = now.adding(.seconds(60))
                return now
            }
            try opened.open().add(Errand(name: "other"), at: now)
            isOtherDone.wait()
        }
        try jobs.database.add(Errand(name: "slow"), at: clock.withLock { $0 })
        try jobs.work(handlers, now: { clock.withLock { $0 } }, witness: witness)
        #expect(witness.events.count { $0.what == "began" } == 2)
        #expect(witness.events.count { $0.what == "done" } == 2)
        #expect(try jobs.count == 0)
    }
}

extension JobsDatabase {
    /// Works on jobs, four at a time, until the witness has seen enough.
    fileprivate func work(
        _ handlers: JobHandlers,
        now: @escaping @Sendable () -> Timestamp,
        witness: Witness
    ) throws {
        let url = url
        let configuration = JobWorkerConfiguration(threads: 4, leaseTime: .seconds(30), timeout: .seconds(30), now: now)
        let worker = try JobWorker(
            handlers,
            configuration,
            databases: { Database(url, longestWait: .seconds(30)) },
            observer: witness
        )
        worker.run(until: witness.shutdown.rawValue)
    }
}

private enum HostClock {
    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(unixSeconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }
}

/// Writes down what a worker tells, and has it leave after so many attempts.
private final class Witness: JobObserver {
    struct Event {
        let what: String
        var deadline: MonotonicInstant?
    }

    let shutdown: EventFD
    private let attempts: Int
    private let seen = Lock<[Event]>([])

    init(leavingAfter attempts: Int) throws(SystemError) {
        shutdown = try EventFD()
        self.attempts = attempts
    }

    var events: [Event] { seen.withLock { $0 } }

    func began(_ job: JobLabel, thread: Int, deadline: MonotonicInstant) {
        seen.withLock { $0.append(Event(what: "began", deadline: deadline)) }
    }

    func recording(_ job: JobLabel, thread: Int, deadline: MonotonicInstant) {
        seen.withLock { $0.append(Event(what: "recording", deadline: deadline)) }
    }

    func ended(_ job: JobLabel, thread: Int, _ outcome: JobOutcome, duration: Duration) {
        let what =
            switch outcome {
            case .done: "done"
            case .failed: "failed"
            case .dead: "dead"
            case .lost: "lost"
            case .unrecorded: "unrecorded"
            }
        let ended = seen.withLock { events in
            events.append(Event(what: what))
            return events.count { !["began", "recording"].contains($0.what) }
        }
        if ended >= attempts { shutdown.signal() }
    }

    func exhausted(_ job: JobLabel) {}
    func lostLease(_ job: JobLabel) {}
    func missed(_ name: String, runs: Int) {}
    func heldUp(_ name: String) {}
    func running(_ count: Int) {}
    func looked() {}
    func failed(_ error: any Error) { Issue.record(error) }
    func notWoken(because reason: String) {}
}
