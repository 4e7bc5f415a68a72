import TestDatabases
import Testing

@testable import SQL

extension Trait where Self == ConditionTrait {
    /// For what only a pooler does. In CI it has to be installed.
    static var needsPgBouncer: Self {
        .enabled(
            if: Store.pooledPostgreSQL.isInstalled || Store.isInCI,
            "PgBouncer is not installed: bin/setup --tests installs it"
        )
    }
}

@Suite("a database on PostgreSQL behind a pooler", .needsPostgreSQL, .needsPgBouncer)
struct PoolerTests {
    @Test("a pooler is recognised with the first round trip, and none where there is none")
    func recognised() throws {
        for (store, isPooled) in [(Store.pooledPostgreSQL, true), (.postgreSQL, false)] {
            try on(store) { (_, database) throws in
                let connection = try database.postgreSQLConnection()
                #expect(connection.isPooled == isPooled)
                #expect(connection.roundTrips == 1)
                let capacity = try #require(try database.connectionCapacity())
                #expect(capacity == ConnectionCapacity(limit: 397, isPooled: isPooled))
            }
        }
        try on(.sqlite) { (_, database) throws in #expect(try database.connectionCapacity() == nil) }
    }

    @Test("a pooler that was not recognised is by a statement that its other connection does not know")
    func unrecognised() throws {
        try on(.postgreSQL) { (_, database) throws in
            try database.add("one")
            #expect(try database.notes() == ["one"])
            try database.run("DEALLOCATE ALL")
            #expect(try database.notes() == ["one"])
            #expect(try database.postgreSQLConnection().isPooled)
            try database.write { try database.add("two") }
            #expect(try database.notes() == ["one", "two"])
        }
    }

    @Test("more threads than the pooler has connections share them, transaction by transaction")
    func shared() throws {
        let file = try TemporaryDatabase(TemporaryDatabase.notes, on: .pooledPostgreSQL)
        let backends = try race(12) { number in
            let database = try file.open()
            return try (0..<20).map { turn in
                try database.write {
                    try database.run("INSERT INTO note (text) VALUES (:text)", ["text": "\(number) \(turn)"])
                    let one = try database.first("SELECT pg_backend_pid()", as: Int.self)
                    #expect(try database.first("SELECT pg_backend_pid()", as: Int.self) == one)
                    return one
                }
            }
        }
        #expect(Set(backends.joined()).count <= 3)
        #expect(try file.open().notes().count == 240)
    }

    @Test("a statement that runs past the deadline is ended through the pooler, too, and the connection serves on")
    func cancelled() throws {
        try on(.pooledPostgreSQL) { (file, database) throws in
            let start = SuspendingClock.now
            database.deadline = start.advanced(by: .milliseconds(100))
            #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) { try database.run("SELECT pg_sleep(30)") }
            #expect(start.duration(to: .now) < .seconds(10))
            database.deadline = nil
            try database.add("after it")
            #expect(try database.notes() == ["after it"])
        }
    }

    @Test("migrations started at once through the pooler are applied once: their lock belongs to the transaction")
    func migrations() throws {
        let file = try TemporaryDatabase(TemporaryDatabase.notes, on: .pooledPostgreSQL, migrated: false)
        let outcomes = try race(5) { _ in try file.migrate() }
        let applied = outcomes.filter { if case .applied = $0 { true } else { false } }
        #expect(applied.count == 1)
        try file.open().add("one")
    }
}
