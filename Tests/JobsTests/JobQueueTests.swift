import Linux
import TestDatabases
import Testing
import Values

@testable import Jobs
@testable import SQL

@Suite("The queue of jobs")
struct JobQueueTests {
    @Test("has a job exactly if the transaction that added it was kept", arguments: Store.all)
    func outbox(store: Store) throws {
        struct Refusal: Error {}
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        #expect(throws: Refusal.self) {
            try jobs.database.write {
                try jobs.add("one", at: time)
                throw Refusal()
            }
        }
        #expect(try jobs.count == 0)
        try jobs.database.write {
            try jobs.database.run("INSERT INTO effect (name) VALUES (:name)", ["name": "order"])
            try jobs.add("two", at: time)
        }
        #expect(try jobs.queue(at: time).lease(9, of: errands).jobs.map(\.name) == ["two"])
    }

    @Test("leases a job to one, until the lease is over or the job is done", arguments: Store.all)
    func leases(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", at: time)
        let (first, second) = (jobs.queue(at: time), jobs.queue(at: time, on: try jobs.open()))
        let leased = try #require(try first.lease(9, of: errands).jobs.first)
        #expect(leased.attempt == 1)
        time.advance(.seconds(29))
        #expect(try second.lease(9, of: errands).jobs.isEmpty)
        time.advance(.seconds(2))
        let again = try #require(try second.lease(9, of: errands).jobs.first)
        #expect(again.attempt == 2)
        #expect(again.idempotencyID == leased.idempotencyID)
        // Whoever comes with the old lease is too late.
        #expect(try !first.complete(leased))
        #expect(try first.renew([leased]).map(\.id) == [leased.id])
        if case .lost = try first.fail(leased, because: "late", retryAfter: .zero) {} else { Issue.record("not lost") }
        #expect(try second.complete(again))
        #expect(try jobs.count == 0)
    }

    @Test("keeps a lease that is renewed", arguments: Store.all)
    func renewal(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", at: time)
        let queue = jobs.queue(at: time)
        let leased = try queue.lease(9, of: errands).jobs
        for _ in 0..<4 {
            time.advance(.seconds(20))
            #expect(try queue.renew(leased).isEmpty)
            #expect(try queue.lease(9, of: errands).jobs.isEmpty)
        }
        #expect(try queue.complete(leased[0]))
    }

    @Test(
        "hands out high priorities first, then what is due for longest, and nothing before its time",
        arguments: Store.all
    )
    func order(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("low", JobOptions(priority: .low, runAt: time.now.adding(.seconds(-60))), at: time)
        try jobs.add("late", JobOptions(runAt: time.now.adding(.seconds(60))), at: time)
        try jobs.add("second", at: time)
        try jobs.add("first", JobOptions(runAt: time.now.adding(.seconds(-60))), at: time)
        try jobs.add("high", JobOptions(priority: .high), at: time)
        let queue = jobs.queue(at: time)
        #expect(try queue.nextDue() == time.now.adding(.seconds(60)))
        #expect(try queue.lease(2, of: errands).jobs.map(\.name) == ["high", "first"])
        #expect(try queue.lease(9, of: errands).jobs.map(\.name) == ["second", "low"])
        // Until a lease is over.
        #expect(try queue.nextDue() == time.now.adding(.seconds(30)))
        time.advance(.seconds(61))
        #expect(try queue.lease(9, of: errands).jobs.map(\.name).contains("late"))
    }

    @Test("leaves alone what its caller still works on, although the lease is over", arguments: Store.all)
    func held(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", JobOptions(maximumAttempts: 1), at: time)
        let queue = jobs.queue(at: time)
        let one = try queue.lease(1, of: errands).jobs[0]
        time.advance(.seconds(31))
        try jobs.add("two", at: time)
        // It does not take the place of another either, nor does it die of its last attempt.
        let leased = try queue.lease(1, of: errands, except: [one.id])
        #expect(leased.jobs.map(\.name) == ["two"] && leased.exhausted.isEmpty)
        #expect(try queue.complete(one))
    }

    @Test("keeps an error's text whatever bytes it has", arguments: Store.all)
    func hostileErrors(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", at: time)
        let queue = jobs.queue(at: time)
        if case .retried = try queue.fail(queue.lease(1, of: errands).jobs[0], because: "a\0b", retryAfter: .zero) {
        } else {
            Issue.record("not retried")
        }
        #expect(try jobs.register(at: time).entries(kind: "errand", count: 9).map(\.error) == ["a?b"])
        if case .dead = try queue.fail(queue.lease(1, of: errands).jobs[0], because: "\0", retryAfter: nil) {
        } else {
            Issue.record("not dead")
        }
        #expect(try jobs.register(at: time).entries(kind: "errand", count: 9).map(\.error) == ["?"])
    }

    @Test("ends leases by the server's clock, whatever the host's says", .enabled(if: Store.all.contains(.postgreSQL)))
    func serverClock() throws {
        let jobs = try JobsDatabase(on: .postgreSQL)
        func queue(hostTime: String) -> JobQueue {
            let time = Time(hostTime).now
            let clock = JobClock(jobs.database, hostTime: { time })
            return JobQueue(jobs.database, leaseTime: .seconds(30), clock: { try clock.now() })
        }
        try jobs.add("one", at: Time("2001-01-01T00:00:00Z"))
        let (slow, fast) = (queue(hostTime: "2001-01-01T00:00:00Z"), queue(hostTime: "2101-01-01T00:00:00Z"))
        let leased = try slow.lease(9, of: errands).jobs
        #expect(leased.map(\.name) == ["one"])
        func secondsLeft() throws -> Int64? {
            try jobs.database.first(
                "SELECT CAST(due_at / 1000000 - extract(epoch FROM clock_timestamp()) AS BIGINT) FROM job"
            ) { row in try row[0] }
        }
        #expect((20...31).contains(try #require(try secondsLeft())))
        #expect(try fast.lease(9, of: errands).jobs.isEmpty)
        #expect(try fast.renew(leased).isEmpty)
        #expect((20...31).contains(try #require(try secondsLeft())))
    }

    @Test("leaves jobs alone that nobody has a handler for", arguments: Store.all)
    func unknownKinds(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", at: time)
        #expect(try jobs.queue(at: time).lease(9, of: JobKinds(["other"])).jobs.isEmpty)
        #expect(try jobs.queue(at: time).lease(9, of: JobKinds([])).jobs.isEmpty)
        #expect(try jobs.queue(at: time).lease(9, of: errands).jobs.count == 1)
    }

    @Test(
        "runs jobs of one ordering key one after the other, in their order, also when one is tried again",
        arguments: Store.all
    )
    func orderingKeys(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        for name in ["a1", "a2"] { try jobs.add(name, JobOptions(orderingKey: "a"), at: time) }
        try jobs.add("b1", JobOptions(orderingKey: "b"), at: time)
        // Its priority does not bring it before others of its key.
        try jobs.add("a3", JobOptions(orderingKey: "a", priority: .high), at: time)
        let queue = jobs.queue(at: time)
        let first = try queue.lease(9, of: errands).jobs
        #expect(first.map(\.name).sorted() == ["a1", "b1"])
        let a1 = try #require(first.first { $0.name == "a1" })
        _ = try queue.fail(a1, because: "no", retryAfter: .seconds(10))
        #expect(try queue.lease(9, of: errands).jobs.isEmpty)
        time.advance(.seconds(11))
        let again = try queue.lease(9, of: errands).jobs
        #expect(again.map(\.name) == ["a1"])
        // One that is dead holds nobody up.
        _ = try queue.fail(again[0], because: "no", retryAfter: nil)
        let second = try queue.lease(9, of: errands).jobs
        #expect(second.map(\.name) == ["a2"])
        // Nor does it run beside one of its key when it is brought back: it comes behind them.
        guard case .done(let id) = try jobs.register(at: time).retry(a1.id) else {
            Issue.record("not retried")
            return
        }
        #expect(id > a1.id)
        #expect(try queue.lease(9, of: errands).jobs.isEmpty)
        #expect(try queue.complete(second[0]))
        let third = try queue.lease(9, of: errands).jobs
        #expect(third.map(\.name) == ["a3"])
        #expect(try queue.complete(third[0]))
        let last = try queue.lease(9, of: errands).jobs
        #expect(last.map(\.name) == ["a1"])
        #expect(last[0].idempotencyID == a1.idempotencyID)
    }

    @Test("keeps one of several with a unique key, until that is done", arguments: Store.all)
    func uniqueKeys(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        let options = JobOptions(uniqueKey: "k")
        for name in ["one", "two"] { try jobs.add(name, options, at: time) }
        let queue = jobs.queue(at: time)
        let leased = try queue.lease(9, of: errands).jobs
        #expect(leased.map(\.name) == ["one"])
        try jobs.add("three", options, at: time)
        #expect(try jobs.count == 1)
        // A dead one does not count, and cannot come back beside the one that took its place.
        _ = try queue.fail(leased[0], because: "no", retryAfter: nil)
        try jobs.add("four", options, at: time)
        #expect(try jobs.register(at: time).retry(leased[0].id) == .replaced)
        let next = try queue.lease(9, of: errands).jobs
        #expect(next.map(\.name) == ["four"])
        #expect(try queue.complete(next[0]))
        #expect(try jobs.register(at: time).retry(leased[0].id) == .done(id: leased[0].id))
    }

    @Test("tries a job again later each time, and keeps it as dead with its error after the last", arguments: Store.all)
    func retries(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", JobOptions(maximumAttempts: 2), at: time)
        let queue = jobs.queue(at: time)
        guard
            case .retried(let next) = try queue.fail(
                try queue.lease(9, of: errands).jobs[0],
                because: "first",
                retryAfter: .seconds(5)
            )
        else {
            Issue.record("not retried")
            return
        }
        #expect(next == time.now.adding(.seconds(5)))
        #expect(try queue.lease(9, of: errands).jobs.isEmpty)
        time.advance(.seconds(6))
        let last = try queue.lease(9, of: errands).jobs[0]
        guard
            case .dead = try queue.fail(
                last,
                because: "second\(String(repeating: "x", count: 2_000))",
                retryAfter: .seconds(5)
            )
        else {
            Issue.record("not dead")
            return
        }
        time.advance(.seconds(60))
        #expect(try queue.lease(9, of: errands).jobs.isEmpty)
        let dead = try jobs.register(at: time).entries(dead: true, count: 9)
        #expect(dead.count == 1 && dead[0].state == .dead && dead[0].attempts == 2)
        #expect(dead[0].error?.hasPrefix("secondx") == true && dead[0].error?.utf8.count == 1_000)
        #expect(try jobs.register(at: time).counts().map(\.state) == [.dead])
        #expect(try jobs.register(at: time).retryAllDead() == 1)
        #expect(try queue.lease(9, of: errands).jobs.map(\.attempt) == [1])
    }

    @Test("gives up a job whose workers die, after its last attempt", arguments: Store.all)
    func exhaustion(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", JobOptions(maximumAttempts: 1), at: time)
        let queue = jobs.queue(at: time)
        #expect(try queue.lease(9, of: errands).jobs.count == 1)
        time.advance(.seconds(31))
        let leased = try queue.lease(9, of: errands)
        #expect(leased.jobs.isEmpty && leased.exhausted.map(\.name) == ["one"])
        #expect(try jobs.register(at: time).entries(dead: true, count: 9).first?.error?.contains("lease") == true)
    }

    @Test("lets one attempt's writes and the end of the job be one transaction", arguments: Store.all)
    func completion(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", at: time)
        let queue = jobs.queue(at: time)
        let (database, other) = (jobs.database, try jobs.open())
        func run(_ job: LeasedJob, on database: Database) throws {
            try database.write {
                try database.run("INSERT INTO effect (name) VALUES (:name)", ["name": job.name])
                try JobContext(job, deadline: .now).complete(in: database)
            }
        }
        let late = try queue.lease(9, of: errands).jobs[0]
        time.advance(.seconds(31))
        let next = try jobs.queue(at: time, on: other).lease(9, of: errands).jobs[0]
        #expect(throws: LostLease.self) { try run(late, on: database) }
        try run(next, on: other)
        #expect(try database.all("SELECT name FROM effect") { row in try row["name"] as String } == ["one"])
        #expect(try jobs.count == 0)
    }

    @Test("gives each job to one of many who ask at the same time, and loses none", arguments: Store.all)
    func racing(store: Store) throws {
        let jobs = try JobsDatabase(on: store)
        let time = Time().now
        for number in 0..<200 {
            try jobs.database.add(
                Errand(name: "\(number)"),
                JobOptions(orderingKey: number % 4 == 0 ? "k\(number % 3)" : nil),
                at: time
            )
        }
        let opened = TestDatabase(jobs)
        let names = try race(4) { _ in
            let database = try opened.open()
            let queue = JobQueue(database, leaseTime: .seconds(30), clock: { time })
            var done: [String] = []
            var idle = 0
            // Who finds nothing may have met one of an ordering key that another had.
            while idle < 200 {
                let leased = try queue.lease(3, of: errands).jobs
                idle = leased.isEmpty ? idle + 1 : 0
                for job in leased where try queue.complete(job) { done.append(job.name) }
            }
            return done
        }
        #expect(names.joined().count == 200)
        #expect(Set(names.joined()).count == 200)
        #expect(try jobs.count == 0)
    }

    @Test("finds what is due, and what is next, by a key: no table is scanned")
    func plans() throws {
        let (jobs, time) = (try JobsDatabase(on: .sqlite), Time())
        let queue = jobs.queue(at: time)
        for name in ["one", "two", "three"] { try jobs.add(name, JobOptions(orderingKey: "k"), at: time) }
        let job = try queue.lease(1, of: errands).jobs[0]
        _ = try queue.renew([job])
        _ = try queue.fail(job, because: "no", retryAfter: .zero)
        #expect(try queue.complete(queue.lease(1, of: errands).jobs[0]))
        _ = try queue.nextDue()
        let hourly = Schedule(name: "sweep", interval: .seconds(3_600))
        _ = try hourly.claim(in: jobs.database, at: time.now)
        time.advance(.seconds(3_600))
        #expect(try hourly.claim(in: jobs.database, at: time.now).isAdded)
        guard case .sqlite(let connection) = try jobs.database.openConnection() else { return }
        let statements = connection.compiledTexts.filter { $0.contains(":") && !$0.hasPrefix("INSERT") }
        #expect(statements.count >= 6)
        for sql in statements {
            let plan = try SQLiteStatement("EXPLAIN QUERY PLAN " + sql, on: connection)
            while try plan.step() {
                let step: String = try Row(of: .sqlite(plan))["detail"]
                #expect(!step.hasPrefix("SCAN") || step.contains("nexts"), "\(sql): \(step)")
                #expect(!step.contains("TEMP B-TREE"), "\(sql): \(step)")
            }
        }
    }

    @Test("lets an operator drop what no worker has", arguments: Store.all)
    func dropping(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        try jobs.add("one", at: time)
        try jobs.add("two", at: time)
        let leased = try jobs.queue(at: time).lease(1, of: errands).jobs[0]
        #expect(try jobs.register(at: time).drop(leased.id) == .running)
        #expect(try jobs.register(at: time).retry(leased.id) == .running)
        #expect(try jobs.register(at: time).drop(leased.id + 1) == .done(id: leased.id + 1))
        #expect(try jobs.register(at: time).drop(leased.id + 1) == .unknown)
        #expect(try jobs.register(at: time).entries(kind: "errand", count: 9).map(\.state) == [.running])
        #expect(try jobs.register(at: time).entries(kind: "other", count: 9).isEmpty)
    }

    @Test(
        "lets an operator drop and retry what a lease that is over is left of, whose kind nobody runs",
        arguments: Store.all
    )
    func abandoned(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        for name in ["one", "two"] { try jobs.add(name, at: time) }
        let leased = try jobs.queue(at: time).lease(2, of: errands).jobs
        let register = jobs.register(at: time)
        time.advance(.seconds(31))
        #expect(try register.counts().map(\.state) == [.retrying])
        #expect(try register.drop(leased[0].id) == .done(id: leased[0].id))
        #expect(try register.retry(leased[1].id) == .done(id: leased[1].id))
        #expect(try register.entries(count: 9).map(\.moment) == [time.now])
        // Who comes with that lease is too late.
        #expect(try !jobs.queue(at: time).complete(leased[1]))
        #expect(try jobs.queue(at: time).lease(9, of: errands).jobs.map(\.name) == ["two"])
    }
}

/// A database that several threads open.
struct TestDatabase: @unchecked Sendable {
    private let jobs: JobsDatabase

    init(_ jobs: JobsDatabase) { self.jobs = jobs }

    func open() throws -> Database { try jobs.open() }
}

@Suite("The wait for another attempt")
struct RetryDelayTests {
    @Test("doubles from a second to an hour, give or take a quarter")
    func growth() {
        var generator = SystemRandomNumberGenerator()
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (10, 512), (12, 2_048), (13, 3_600), (1_000, 3_600)] {
            let delays = (0..<100).map { _ in RetryDelay.after(attempt: attempt, using: &generator) }
            #expect(delays.allSatisfy { $0 >= .seconds(seconds) * 0.75 && $0 <= .seconds(seconds) * 1.25 })
            #expect(Set(delays).count > 1)
        }
    }

    @Test("is never shorter than what the failure asks for, nor than usual")
    func asked() {
        var generator = SystemRandomNumberGenerator()
        func delay(_ failure: any Error, attempt: Int) -> Duration? {
            RetryDelay.after(failure, attempt: attempt, using: &generator)
        }
        #expect(delay(JobFailure.final("no"), attempt: 1) == nil)
        #expect(delay(JobFailure.retry(after: .seconds(60), "later"), attempt: 1) == .seconds(60))
        for seconds in [-1, 0, 1] {
            let delay = delay(JobFailure.retry(after: .seconds(seconds), "soon"), attempt: 10)
            #expect(delay.map { $0 >= .seconds(512) * 0.75 && $0 <= .seconds(512) * 1.25 } == true)
        }
        #expect(delay(LostLease(), attempt: 10).map { $0 >= .seconds(512) * 0.75 } == true)
    }
}
