import FoundationEssentials
import TestDatabases
import Testing

@testable import SQL

@Suite("migrations")
struct MigrationTests {
    private let first = Migration(number: 1, name: "one", sql: "CREATE TABLE one (a INTEGER)")
    private let second = Migration(number: 2, name: "two", sql: "CREATE TABLE two (b INTEGER)")

    @Test("a fresh database is made with its directory, migrated once, and then there is nothing to do")
    func fresh() throws {
        let file = try TemporaryDatabase(migrated: false)
        #expect(try file.migrate() == .applied(["1 create_notes", "2 create_idempotency"]))
        #expect(try file.migrate() == .current(schema: 2))
        #expect(try file.text("PRAGMA journal_mode") == "wal")
        #expect(try file.integrity() == "ok")
        #expect(try Migrator(file.url, migrations: file.migrations).status().isCurrent)
    }

    @Test("of many that migrate a fresh database at once one applies and all succeed", arguments: 0..<40)
    func concurrent(round: Int) throws {
        let file = try TemporaryDatabase(migrated: false)
        let outcomes = try race(5) { _ in try file.migrate() }
        let applied = MigrationOutcome.applied(["1 create_notes", "2 create_idempotency"])
        #expect(outcomes.filter { $0 == applied }.count == 1)
        #expect(outcomes.filter { $0 == .current(schema: 2) }.count == 4)
        #expect(try file.text("SELECT count(*) || '' FROM schema_migration") == "2")
    }

    @Test("numbers that are not 1, 2, 3 are a mistake that is named, and nothing is applied")
    func numbers() throws {
        let file = try TemporaryDatabase(migrated: false)
        let third = Migration(number: 3, name: "three", sql: "SELECT 1")
        let again = Migration(number: 2, name: "again", sql: "SELECT 1")
        let faults: [([Migration], String)] = [
            ([first, third], "migration 3 three comes where number 2 belongs"),
            ([second], "migration 2 two comes where number 1 belongs"),
            ([first, second, again], "migration 2 again has the number of another"),
            ([second, first], "migration 2 two comes where number 1 belongs"),
        ]
        for (migrations, fault) in faults {
            let refusal = #expect(throws: DatabaseError.self) { try file.migrate(migrations) }
            #expect(refusal?.description.contains(fault) == true, "\(String(describing: refusal))")
            #expect(throws: DatabaseError.self) { try Migrator(file.url, migrations: migrations).status() }
        }
        #expect(!FileManager.default.fileExists(atPath: file.directory))
    }

    @Test("later migrations are added to earlier ones, and status tells which are pending")
    func later() throws {
        let database = try TemporaryDatabase(migrated: false)
        #expect(try Migrator(database.url, migrations: [first]).migrate() == .applied(["1 one"]))
        let migrator = Migrator(database.url, migrations: [first, second])
        let before = try migrator.status()
        #expect(!before.isCurrent)
        #expect(before.description.hasSuffix("\n2 two: pending"))
        #expect(try migrator.migrate() == .applied(["2 two"]))
        #expect(try migrator.status().isCurrent)
    }

    @Test("a database of a newer release is left alone, and said so")
    func newer() throws {
        let database = try TemporaryDatabase(migrated: false)
        _ = try Migrator(database.url, migrations: [first, second]).migrate()
        let older = Migrator(database.url, migrations: [first])
        let outcome = try older.migrate()
        #expect(outcome == .newer(schema: 2, known: 1))
        #expect(outcome.description.contains("newer release"))
        #expect(try older.status().isNewer)
        #expect(try older.status().isCurrent)
    }

    @Test("a store serves a database that a newer release has migrated further")
    func serveNewer() throws {
        let database = try TemporaryDatabase()
        let extra = Migration(number: 3, name: "more", sql: "CREATE TABLE more (a INTEGER)")
        try database.migrate(database.migrations + [extra])
        #expect(try database.open().readiness() == .ready)
    }

    @Test("a store notices while it runs that its database went back to an older schema")
    func wentBack() throws {
        let database = try TemporaryDatabase()
        let store = try database.open()
        #expect(store.readiness() == .ready)
        try database.connect().execute("DELETE FROM schema_migration")
        #expect(store.readiness() != .ready)
    }

    @Test("a migration whose text changed after it was applied stops the run")
    func changed() throws {
        let database = try TemporaryDatabase(migrated: false)
        _ = try Migrator(database.url, migrations: [first]).migrate()
        let edited = Migration(number: 1, name: "one", sql: first.sql + " -- harmless")
        let refusal = #expect(throws: DatabaseError.self) {
            try Migrator(database.url, migrations: [edited, second]).migrate()
        }
        #expect(refusal?.description.contains("applied on") == true)
        #expect(try database.text("SELECT count(*) || '' FROM schema_migration") == "1")
    }

    @Test(
        "a run that fails leaves the database as it was",
        arguments: [
            "CREATE TABLE three (c INTEGER); CREATE TABLE one (again INTEGER)",
            "CREATE TABLE three (c INTEGER); this is no SQL",
            "CREATE TABLE three (c INTEGER REFERENCES one (a)); INSERT INTO three VALUES (7)",
        ]
    )
    func failing(sql: String) throws {
        let database = try TemporaryDatabase(migrated: false)
        let base = Migration(number: 1, name: "one", sql: "CREATE TABLE one (a INTEGER PRIMARY KEY)")
        _ = try Migrator(database.url, migrations: [base]).migrate()
        let broken = Migration(number: 3, name: "broken", sql: sql)
        #expect(throws: DatabaseError.self) {
            try Migrator(database.url, migrations: [base, second, broken]).migrate()
        }
        #expect(try Migrator(database.url, migrations: [base]).migrate() == .current(schema: 1))
        #expect(try database.text("SELECT group_concat(name) FROM sqlite_schema") == "schema_migration,one")
    }

    @Test("migrating waits for a writer no longer than it was told to")
    func busy() throws {
        let database = try TemporaryDatabase()
        let writer = try database.connect()
        try writer.execute("BEGIN IMMEDIATE")
        #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) {
            try Migrator(database.url, migrations: database.migrations, longestWait: .milliseconds(20)).migrate()
        }
    }

    @Test("status of a database that does not exist says how to make it, and makes none")
    func statusOfNothing() throws {
        let database = try TemporaryDatabase(migrated: false)
        #expect(throws: DatabaseError.noDatabase(at: database.location)) {
            try Migrator(database.url, migrations: database.migrations).status()
        }
        #expect(!FileManager.default.fileExists(atPath: database.directory))
    }
}
