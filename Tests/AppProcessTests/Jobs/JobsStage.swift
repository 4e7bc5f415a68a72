import Glibc
import Jobs
import SQL
import TestDatabases
import Testing
import Values

@testable import ProcessHarness

/// A database with jobs, the processes that run them, and what the jobs wrote down.
final class JobsStage {
    let directory: TemporaryDirectory
    let environment: [String: String]
    let marksPath: String
    /// The server of a database on PostgreSQL, of this stage alone: it may be restarted.
    let server: PostgreSQLServer?
    let database: SQL.Database

    static let lease = 2.0

    init(on store: Store, _ given: [String: String] = [:]) throws {
        directory = try TemporaryDirectory()
        marksPath = directory.path + "/marks"
        var url = "sqlite:\(directory.path)/service.sqlite"
        switch store {
        case .sqlite: server = nil
        case .postgreSQL:
            let server = try PostgreSQLServer()
            url = server.url(of: try server.makeDatabase()).description
            self.server = server
        case .pooledPostgreSQL:
            server = nil
            url = try PgBouncer.running().url(of: try PostgreSQLServer.running().makeDatabase()).description
        }
        environment = Service.environment(
            in: directory,
            [
                "DATABASE_URL": url, "MARKS": marksPath, "WORK_CONCURRENCY": "2", "WORK_THREADS": "4",
                "WORK_LEASE": "\(Int(Self.lease))s",
            ].merging(given) { $1 }
        )
        try Service.prepare(.jobs, environment)
        database = SQL.Database(try DatabaseURL(url), longestWait: .seconds(30))
    }

    func add(_ marks: [Mark], _ options: (Mark) -> JobOptions = { _ in JobOptions() }) throws {
        try database.write {
            for mark in marks { try database.add(mark, options(mark), at: Self.now) }
        }
    }

    static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(unixSeconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }

    /// How many jobs are neither done nor, of the periodic kind, to be done.
    func remaining() throws -> Int {
        try database.first("SELECT count(*) FROM job WHERE kind = 'mark'") { row in try row[0] } ?? 0
    }

    /// Starts a tree of job workers, as on one of several hosts.
    func work(_ given: [String: String] = [:]) throws -> StartingService {
        let tree = try StartingService(Binary.jobs.command("work"), environment: environment.merging(given) { $1 })
        try tree.log.wait(for: "job workers ready")
        return tree
    }

    /// What a job wrote down.
    struct Event {
        enum Kind: String { case begin, failed, end }

        let kind: Kind
        let name: String
        let attempt: Int
        let process: pid_t
        /// Seconds on the monotonic clock.
        let time: Double
        let idempotencyID: String
    }

    func events() throws -> [Event] {
        try (ProcessTree.read(marksPath) ?? "").split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            try #require(words.count == 6, "\(line)")
            return Event(
                kind: try #require(Event.Kind(rawValue: String(words[0]))),
                name: String(words[1]),
                attempt: try #require(Int(words[2])),
                process: try #require(Int32(words[3])),
                time: try #require(Double(words[4])) * 1e-9,
                idempotencyID: String(words[5])
            )
        }
    }

    /// Waits until something was written down.
    func wait(by deadline: Deadline = .generous, for condition: ([Event]) -> Bool) -> Bool {
        eventually(by: deadline) {
            usleep(10_000)
            return condition((try? events()) ?? [])
        }
    }
}

struct Mark: Job {
    static let kind = "mark"
    let name: String
    var milliseconds = 0
    var failures: Int?
}
