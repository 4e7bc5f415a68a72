import TestDatabases
import Testing

@testable import SQL

@Suite("migrations on PostgreSQL", .needsPostgreSQL)
struct PostgreSQLMigrationTests {
    private let first = Migration(number: 1, name: "one", sql: "CREATE TABLE one (a INTEGER)")
    private let second = Migration(
        number: 2,
        name: "two",
        sql: "this is for SQLite",
        postgreSQL: "CREATE TABLE two (b BIGINT); -- it's;\nCREATE INDEX two_by_b ON two (b);"
    )

    private func tables(of file: TemporaryDatabase) throws -> String? {
        try file.text(
            "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                + " AND relkind = 'r'"
        )
    }

    @Test("are applied once, each with its text for PostgreSQL, and status tells which are pending")
    func later() throws {
        let file = try TemporaryDatabase(on: .postgreSQL, migrated: false)
        #expect(try Migrator(file.url, migrations: [first]).status().description == "1 one: pending")
        #expect(try file.migrate([first]) == .applied(["1 one"]))
        let migrator = Migrator(file.url, migrations: [first, second])
        #expect(try migrator.status().description.hasSuffix("\n2 two: pending"))
        #expect(try migrator.migrate() == .applied(["2 two"]))
        #expect(try migrator.migrate() == .current(schema: 2))
        #expect(try migrator.status().isCurrent)
        #expect(try file.migrate([first]) == .newer(schema: 2, known: 1))
        #expect(try tables(of: file) == "one schema_migration two")
    }

    @Test("of many that migrate a fresh database at once one applies and all succeed", arguments: 0..<5)
    func concurrent(round: Int) throws {
        let file = try TemporaryDatabase(on: .postgreSQL, migrated: false)
        let outcomes = try race(5) { _ in try file.migrate() }
        let applied = MigrationOutcome.applied(["1 create_notes", "2 create_idempotency"])
        #expect(outcomes.filter { $0 == applied }.count == 1)
        #expect(outcomes.filter { $0 == .current(schema: 2) }.count == 4)
    }

    @Test("one whose text changed after it was applied stops the run")
    func changed() throws {
        let file = try TemporaryDatabase(on: .postgreSQL, migrated: false)
        try file.migrate([first])
        let edited = Migration(number: 1, name: "one", sql: first.sql + " -- harmless")
        let refusal = #expect(throws: DatabaseError.self) { try file.migrate([edited, second]) }
        #expect(refusal?.description.contains("applied on") == true)
        // The text for SQLite is not what was applied here.
        let other = Migration(number: 1, name: "one", sql: "another", postgreSQL: first.sql)
        #expect(try file.migrate([other]) == .current(schema: 1))
    }

    @Test(
        "a run that fails leaves the database as it was",
        arguments: [
            "CREATE TABLE three (c INTEGER); CREATE TABLE one (again INTEGER)",
            "CREATE TABLE three (c INTEGER); this is no SQL", "CREATE TABLE three (c INTEGER); COMMIT",
        ]
    )
    func failing(sql: String) throws {
        let file = try TemporaryDatabase(on: .postgreSQL, migrated: false)
        try file.migrate([first])
        let broken = Migration(number: 3, name: "broken", sql: sql)
        #expect(throws: DatabaseError.self) { try file.migrate([first, second, broken]) }
        // What ends the transaction has ended it.
        guard !sql.hasSuffix("COMMIT") else { return }
        #expect(try tables(of: file) == "one schema_migration")
        #expect(try file.migrate([first]) == .current(schema: 1))
    }

    @Test("a database of another program is neither served nor migrated; one without a schema is not served")
    func foreign() throws {
        let file = try TemporaryDatabase(on: .postgreSQL, migrated: false)
        guard case .unready(.unprepared) = Database(file.url, migrations: file.migrations).readiness() else {
            Issue.record("an empty database is not ready")
            return
        }
        try file.execute("CREATE TABLE wine (year INTEGER)")
        let refusal = #expect(throws: DatabaseError.self) { try file.migrate() }
        #expect(refusal?.description.contains("belongs to another program") == true)
        #expect(try tables(of: file) == "wine")
    }

    @Test("migrating waits for another migration no longer than it was told to")
    func busy() throws {
        let file = try TemporaryDatabase(on: .postgreSQL)
        let other = Database(file.url)
        try other.write {
            _ = try other.first("SELECT pg_advisory_xact_lock(\(0x50_61_6E_61_6C)), 1") { row in row.integer(1) }
            #expect(throws: DatabaseError.busy(retryAfter: .seconds(1))) {
                try Migrator(file.url, migrations: file.migrations, longestWait: .milliseconds(20)).migrate()
            }
        }
    }

    @Test("a rehearsal says what would be applied, fails where that would, and keeps nothing", arguments: Store.all)
    func rehearsal(store: Store) throws {
        let file = try TemporaryDatabase(on: store, migrated: false)
        let migrator = Migrator(file.url, migrations: file.migrations)
        let outcome = MigrationOutcome.applied(["1 create_notes", "2 create_idempotency"])
        #expect(try migrator.rehearse() == outcome)
        #expect(try migrator.rehearse() == outcome)
        let broken = Migration(number: 3, name: "broken", sql: "this is no SQL")
        #expect(throws: DatabaseError.self) {
            try Migrator(file.url, migrations: file.migrations + [broken]).rehearse()
        }
        #expect(try migrator.migrate() == outcome)
        #expect(throws: DatabaseError.self) {
            try Migrator(file.url, migrations: file.migrations + [broken]).rehearse()
        }
        #expect(try migrator.rehearse() == .current(schema: 2))
    }
}
