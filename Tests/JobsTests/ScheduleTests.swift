import SQL
import TestDatabases
import Testing
import Values

@testable import Jobs

@Suite("Periodic work")
struct ScheduleTests {
    private let hourly = Schedule(name: "sweep", interval: .seconds(3_600))
    private let kinds = JobKinds(["sweep"])

    @Test("is planned for whole multiples of its interval")
    func alignment() {
        let time = Time("2026-01-10T09:30:00Z").now
        #expect(hourly.next(after: time) == Timestamp("2026-01-10T10:00:00Z"))
        #expect(hourly.next(after: hourly.next(after: time)) == Timestamp("2026-01-10T11:00:00Z"))
        #expect(
            Schedule(name: "x", interval: .seconds(86_400)).next(after: Timestamp(unixSeconds: -1))
                == Timestamp(unixSeconds: 0)
        )
    }

    @Test("is added once each time, whoever looks", arguments: Store.all)
    func once(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        #expect(try hourly.claim(in: jobs.database, at: time.now) == .init(next: hourly.next(after: time.now)))
        #expect(try jobs.count == 0)
        time.advance(.seconds(1_800))
        let (now, opened) = (time.now, TestDatabase(jobs))
        let hourly = hourly
        let claims = try race(4) { _ in try hourly.claim(in: opened.open(), at: now) }
        #expect(claims.filter(\.isAdded).count == 1)
        #expect(claims.allSatisfy { $0.next == Timestamp("2026-01-10T11:00:00Z") && $0.missed == 0 })
        #expect(try jobs.count == 1)
    }

    @Test("that was missed is done once, and says how often it was", arguments: Store.all)
    func missed(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        _ = try hourly.claim(in: jobs.database, at: time.now)
        time.advance(.seconds(3 * 3_600))
        let claim = try hourly.claim(in: jobs.database, at: time.now)
        #expect(claim.isAdded && claim.missed == 2)
        #expect(claim.next == Timestamp("2026-01-10T13:00:00Z"))
        #expect(try jobs.count == 1)
    }

    @Test("that is not done keeps the next from being added, and dead ones do not pile up", arguments: Store.all)
    func heldUp(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        let queue = jobs.queue(at: time)
        func nextHour() throws -> Schedule.Claim {
            time.advance(.seconds(3_600))
            return try hourly.claim(in: jobs.database, at: time.now)
        }
        _ = try hourly.claim(in: jobs.database, at: time.now)
        #expect(try nextHour().isAdded)
        let claim = try nextHour()
        #expect(!claim.isAdded && claim.isHeldUp)
        for _ in 0..<3 {
            _ = try queue.fail(try queue.lease(1, of: kinds).jobs[0], because: "no", retryAfter: nil)
            #expect(try nextHour().isAdded)
            #expect(try jobs.count == 1)
        }
    }

    @Test("is not done twice because a worker's clock lags behind", arguments: Store.all)
    func laggingClock(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time("2026-01-10T09:59:00Z"))
        _ = try hourly.claim(in: jobs.database, at: time.now)
        time.advance(.seconds(61))
        #expect(try hourly.claim(in: jobs.database, at: time.now).isAdded)
        let run = try jobs.queue(at: time).lease(1, of: kinds).jobs
        #expect(try jobs.queue(at: time).complete(run[0]))
        for late in ["2026-01-10T09:59:30Z", "2026-01-10T10:00:30Z"] {
            let claim = try hourly.claim(in: jobs.database, at: Time(late).now)
            #expect(claim == .init(next: try #require(Timestamp("2026-01-10T11:00:00Z"))))
        }
        #expect(try jobs.count == 0)
    }

    @Test("begins a shorter interval at once when a release brings one", arguments: Store.all)
    func shorter(store: Store) throws {
        let (jobs, time) = (try JobsDatabase(on: store), Time())
        _ = try Schedule(name: "sweep", interval: .seconds(86_400)).claim(in: jobs.database, at: time.now)
        #expect(try hourly.claim(in: jobs.database, at: time.now) == .init(next: hourly.next(after: time.now)))
        time.advance(.seconds(3_600))
        #expect(try hourly.claim(in: jobs.database, at: time.now).isAdded)
    }
}
