import FoundationEssentials
import Stays
import StoreContract
import Testing
import Values

@testable import SQLiteStore

@Suite("migrations")
struct MigrationTests {
    private let first = Migration(number: 1, name: "one", sql: "CREATE TABLE one (a INTEGER)")
    private let second = Migration(number: 2, name: "two", sql: "CREATE TABLE two (b INTEGER)")

    @Test("a fresh database is made with its directory, migrated once, and then there is nothing to do")
    func fresh() throws {
        let database = try TemporaryDatabase(migrated: false)
        let migrator = SQLiteMigrator(database.location)
        let names = Migration.all.map { "\($0.number) \($0.name)" }
        #expect(try migrator.migrate() == .applied(names))
        #expect(try migrator.migrate() == .current(schema: names.count))
        #expect(try database.text("PRAGMA journal_mode") == "wal")
        #expect(try database.integrity() == "ok")
        #expect(try migrator.status().isCurrent)
    }

    @Test("of many that migrate a fresh database at once one applies and all succeed", arguments: 0..<40)
    func concurrent(round: Int) throws {
        let database = try TemporaryDatabase(migrated: false)
        let outcomes = try race(5) { _ in try SQLiteMigrator(database.location).migrate() }
        let names = Migration.all.map { "\($0.number) \($0.name)" }
        #expect(outcomes.filter { $0 == .applied(names) }.count == 1)
        #expect(outcomes.filter { $0 == .current(schema: names.count) }.count == 4)
        #expect(try database.text("SELECT count(*) || '' FROM schema_migration") == "\(names.count)")
    }

    @Test("later migrations are added to earlier ones, and status tells which are pending")
    func later() throws {
        let database = try TemporaryDatabase(migrated: false)
        #expect(try SQLiteMigrator(database.location, migrations: [first]).migrate() == .applied(["1 one"]))
        let migrator = SQLiteMigrator(database.location, migrations: [first, second])
        let before = try migrator.status()
        #expect(!before.isCurrent)
        #expect(before.description.hasSuffix("\n2 two: pending"))
        #expect(try migrator.migrate() == .applied(["2 two"]))
        #expect(try migrator.status().isCurrent)
    }

    @Test("a database of a newer release is left alone, and said so")
    func newer() throws {
        let database = try TemporaryDatabase(migrated: false)
        _ = try SQLiteMigrator(database.location, migrations: [first, second]).migrate()
        let older = SQLiteMigrator(database.location, migrations: [first])
        let outcome = try older.migrate()
        #expect(outcome == .newer(schema: 2, known: 1))
        #expect(outcome.description.contains("newer release"))
        #expect(try older.status().isNewer)
        #expect(try older.status().isCurrent)
    }

    @Test("a store serves a database that a newer release has migrated further")
    func serveNewer() throws {
        let database = try TemporaryDatabase()
        let extra = Migration(number: Migration.all.count + 1, name: "more", sql: "CREATE TABLE more (a INTEGER)")
        _ = try SQLiteMigrator(database.location, migrations: Migration.all + [extra]).migrate()
        #expect(try database.store().readiness() == .ready)
    }

    @Test("a store notices while it runs that its database went back to an older schema")
    func wentBack() throws {
        let database = try TemporaryDatabase()
        let store = try database.store()
        #expect(store.readiness() == .ready)
        try database.connect().execute("DELETE FROM schema_migration")
        #expect(store.readiness() != .ready)
    }

    @Test("a migration whose text changed after it was applied stops the run")
    func changed() throws {
        let database = try TemporaryDatabase(migrated: false)
        _ = try SQLiteMigrator(database.location, migrations: [first]).migrate()
        let edited = Migration(number: 1, name: "one", sql: first.sql + " -- harmless")
        let refusal = #expect(throws: StoreError.self) {
            try SQLiteMigrator(database.location, migrations: [edited, second]).migrate()
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
        _ = try SQLiteMigrator(database.location, migrations: [base]).migrate()
        let broken = Migration(number: 3, name: "broken", sql: sql)
        #expect(throws: StoreError.self) {
            try SQLiteMigrator(database.location, migrations: [base, second, broken]).migrate()
        }
        #expect(try SQLiteMigrator(database.location, migrations: [base]).migrate() == .current(schema: 1))
        #expect(try database.text("SELECT group_concat(name) FROM sqlite_schema") == "schema_migration,one")
    }

    @Test("migrating waits for a writer no longer than it was told to")
    func busy() throws {
        let database = try TemporaryDatabase()
        let writer = try database.connect()
        try writer.execute("BEGIN IMMEDIATE")
        #expect(throws: StoreError.busy(retryAfter: .seconds(1))) {
            try SQLiteMigrator(database.location, longestWait: .milliseconds(20)).migrate()
        }
    }

    @Test("status of a database that does not exist says how to make it, and makes none")
    func statusOfNothing() throws {
        let database = try TemporaryDatabase(migrated: false)
        #expect(throws: StoreError.noDatabase(at: database.location)) {
            try SQLiteMigrator(database.location).status()
        }
        #expect(!FileManager.default.fileExists(atPath: database.directory))
    }

    @Test("every file in Migrations is compiled in under its number and name, without a gap")
    func files() throws {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let path = "/\(folder)/Sources/SQLiteStore/Migrations"
        let files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        #expect(Migration.all.map(\.number) == Array(1...files.count))
        for (file, migration) in zip(files, Migration.all) {
            let number = String(repeating: "0", count: 4 - "\(migration.number)".count) + "\(migration.number)"
            #expect(file == "\(number)_\(migration.name).sql")
            #expect(try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8) == migration.sql)
        }
    }

    @Test("a released migration keeps its text")
    func released() {
        // Add a line with each release; change none.
        let checksums = ["f03b4b34ba93165c", "8353f75496df1f7d"]
        #expect(Migration.all.map(\.checksum).prefix(checksums.count) == checksums[...])
    }
}
