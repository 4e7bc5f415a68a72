import FoundationEssentials
import SQL
import TestDatabases
import Values

@testable import Jobs

/// A database with the tables of jobs, as the template's migration makes them, and one for what jobs do.
struct JobsDatabase {
    private let temporary: TemporaryDatabase
    let database: Database
    var url: DatabaseURL { temporary.url }

    init(on store: Store) throws {
        temporary = try TemporaryDatabase(try Self.migrations(), on: store)
        database = try temporary.open()
    }

    func open() throws -> Database { try temporary.open() }

    private static func migrations() throws -> [Migration] {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        func text(_ name: String) throws -> String {
            try String(contentsOf: URL(filePath: "\(root)/Sources/StaysStore/Migrations/\(name)"), encoding: .utf8)
        }
        let jobs = Migration(
            number: 1,
            name: "create_job",
            sql: try text("0004_create_job.sql"),
            postgreSQL: try text("0004_create_job.postgres.sql")
        )
        return [jobs, Migration(number: 2, name: "create_effect", sql: "CREATE TABLE effect (name TEXT NOT NULL)")]
    }

    /// The queue at a moment of the test's own.
    func queue(at time: Time, on other: Database? = nil) -> JobQueue {
        JobQueue(other ?? database, leaseTime: .seconds(30), clock: { time.now })
    }

    func register(at time: Time) -> JobRegister { JobRegister(database, clock: { time.now }) }

    func add(_ name: String, _ options: JobOptions = JobOptions(), at time: Time) throws {
        try database.add(Errand(name: name), options, at: time.now)
    }

    var count: Int { get throws { try database.first("SELECT count(*) FROM job") { row in try row[0] } ?? 0 } }
}

/// A clock that a test sets.
final class Time {
    var now: Timestamp

    init(_ text: String = "2026-01-10T09:30:00Z") { now = Timestamp(text) ?? Timestamp.example }

    func advance(_ duration: Duration) { now = now.adding(duration) }
}

struct Errand: Job, Equatable {
    static let kind = "errand"
    let name: String
}

let errands = JobKinds(["errand"])

extension LeasedJob {
    var name: String { payload.split(separator: "\"").dropFirst(3).first.map(String.init) ?? "" }
}
