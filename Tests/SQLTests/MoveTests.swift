import Glibc
import TestDatabases
import Testing

@testable import SQL

@Suite("a database moves from SQLite to PostgreSQL", .needsPostgreSQL)
struct MoveTests {
    /// What the two databases say differently, and what is hard to say: dates as text and as dates, keys that grow, bytes.
    private static let migrations = [
        Migration(
            number: 1,
            name: "create",
            sql: """
                CREATE TABLE "Person" (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, likes INTEGER REFERENCES "Person");
                CREATE TABLE entry (
                    person INTEGER NOT NULL REFERENCES "Person", day TEXT NOT NULL, at TEXT, amount REAL, exact TEXT, data BLOB,
                    is_open INTEGER, document TEXT, "group" TEXT, length INTEGER AS (length("group")), old TEXT,
                    PRIMARY KEY (day, person)
                ) WITHOUT ROWID;
                CREATE TABLE kind (name TEXT NOT NULL PRIMARY KEY);
                INSERT INTO kind VALUES ('first');
                """,
            postgreSQL: """
                CREATE TABLE person (
                    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT, likes BIGINT REFERENCES person
                );
                CREATE TABLE entry (
                    person BIGINT NOT NULL REFERENCES person, day DATE NOT NULL, at TIMESTAMPTZ, amount DOUBLE PRECISION,
                    exact NUMERIC(30, 4), data BYTEA, is_open BOOLEAN, document JSONB, "group" VARCHAR(40),
                    length INTEGER GENERATED ALWAYS AS (length("group")) STORED, PRIMARY KEY (day, person)
                );
                CREATE TABLE kind (name TEXT NOT NULL PRIMARY KEY);
                INSERT INTO kind VALUES ('first');
                """
        )
    ]

    private let source: TemporaryDatabase
    private let target: TemporaryDatabase

    init() throws {
        source = try TemporaryDatabase(Self.migrations)
        target = try TemporaryDatabase(Self.migrations, on: .postgreSQL, migrated: false)
    }

    private func move(
        _ migrations: [Migration] = MoveTests.migrations,
        following: (MoveProgress) -> Void = { _ in }
    ) throws(MoveError) -> DatabaseMove.Outcome {
        try DatabaseMove(from: source.url, to: target.url, migrations: migrations).run(following: following)
    }

    private func fill(persons: Int = 3) throws {
        try source.run(
            // The first rows refer to later ones.
            """
            INSERT INTO "Person" WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < \(persons))
            SELECT i, 'person ' || i, CASE WHEN i < \(persons) THEN i + 1 END FROM n
            """
        )
    }

    private func text(_ sql: String) throws -> String? { try Database(target.url).first(sql) { try $0.text(0) } }

    @Test("every value arrives as what it was: letters of all scripts, bytes, nothing, and the greatest numbers")
    func values() throws {
        try fill()
        try source.run(
            #"UPDATE "Person" SET name = 'Zoë "Ω" \ {a,b} 🐝 NULL' || char(10) || char(9) || '日本', likes = 3 WHERE id = 1"#,
            #"UPDATE "Person" SET name = '' WHERE id = 2"#,
            #"UPDATE "Person" SET name = NULL WHERE id = 3"#,
            #"INSERT INTO "Person" VALUES (9223372036854775000, 'NULL', 1)"#,
            """
            INSERT INTO entry (person, day, at, amount, exact, data, is_open, document, "group") VALUES
                (1, '2027-02-28', '2027-02-28T23:30:00+02:00', 0.1, '12345678901234567890.12', x'00ff5c22', 1, '{"b":1, "a":[]}',
                    'group'),
                (2, '2027-02-28', NULL, 1e300, '0', x'', 0, 'null', ''),
                (2, '0001-01-01', '1970-01-01 00:00:00.123456Z', -9e999, '-0.5', NULL, NULL, NULL, NULL)
            """
        )
        let outcome = try move()
        #expect(outcome.copied == 8)
        #expect(outcome.tables.map(\.name) == ["person", "entry", "kind"])
        #expect(outcome.tables.map(\.rows) == [4, 3, 1])
        #expect(outcome.tables.map(\.leftOut) == [[], ["old"], []])
        #expect(try text("SELECT name FROM person WHERE id = 1") == "Zoë \"Ω\" \\ {a,b} 🐝 NULL\n\t日本")
        #expect(
            try text("SELECT string_agg(coalesce(name, '-'), '|' ORDER BY id) FROM person WHERE id > 1") == "|-|NULL"
        )
        #expect(
            try text("SELECT string_agg(concat_ws(' ', day, amount, exact, data, is_open, document), '|') FROM entry")
                == "0001-01-01 -Infinity -0.5000|2027-02-28 0.1 12345678901234567890.1200 \\x00ff5c22 t {\"a\": [], \"b\": 1}"
                + "|2027-02-28 1e+300 0.0000 \\x f null"
        )
        #expect(
            try text("SELECT CAST(extract(epoch FROM at) AS TEXT) FROM entry WHERE person = 1") == "1803850200.000000"
        )
        #expect(try text("SELECT CAST(length AS TEXT) FROM entry WHERE person = 1") == "5")
    }

    @Test("foreign keys hold again, new keys go on behind the old ones, and no trace of the move is left")
    func afterwards() throws {
        try fill()
        try source.run(#"INSERT INTO "Person" (id) VALUES (70)"#, #"DELETE FROM "Person" WHERE id = 70"#)
        _ = try move()
        let database = Database(target.url)
        #expect(throws: DatabaseError.self) {
            try database.run("INSERT INTO entry (person, day) VALUES (99, '2027-01-01')")
        }
        #expect(try text("INSERT INTO person (name) VALUES ('new') RETURNING CAST(id AS TEXT)") == "71")
        #expect(try text("SELECT CAST(count(*) AS TEXT) FROM pg_class WHERE relname LIKE 'move%'") == "0")
        #expect(try Migrator(target.url, migrations: Self.migrations).status().isCurrent)
    }

    @Test("what has been moved is found to be there; what another has put there is not touched")
    func fullTarget() throws {
        try fill()
        _ = try move()
        #expect(try move().copied == 0)
        try Database(target.url).run("UPDATE person SET name = 'other' WHERE id = 2")
        let error = #expect(throws: MoveError.self) { try move() }
        #expect(error?.description.contains("is not empty") == true, "\(String(describing: error))")
        #expect(error?.description.contains("3 rows of person are others") == true)
        #expect(try text("SELECT name FROM person WHERE id = 2") == "other")
    }

    @Test("a database to which a move is not finished is neither served nor migrated, and says what to do")
    func unfinished() throws {
        try fill()
        try source.run(#"UPDATE "Person" SET name = 'a' || char(0) WHERE id = 2"#)
        #expect(throws: MoveError.self) { try move() }
        func expectRefusal(of use: () throws -> Void) {
            let error = #expect(throws: DatabaseError.self) { try use() }
            #expect(error?.code == "unprepared")
            #expect(error?.description.contains("is not finished; run the `move` command again") == true)
            #expect(error?.summary.contains("run the `move` command again") == true)
        }
        let service = Database(target.url, migrations: Self.migrations)
        let migrator = Migrator(target.url, migrations: Self.migrations)
        expectRefusal { try service.open() }
        expectRefusal { try service.run("DELETE FROM person") }
        expectRefusal { if case .unready(let error) = service.readiness() { throw error } }
        expectRefusal { _ = try migrator.migrate() }
        expectRefusal { _ = try migrator.rehearse() }
        expectRefusal { _ = try migrator.status() }
        try source.run(#"UPDATE "Person" SET name = 'mended' WHERE id = 2"#)
        _ = try move()
        #expect(service.readiness() == .ready)
        #expect(try migrator.migrate() == .current(schema: 1))
        // Of a service that is there already, the probe finds out.
        try Database(target.url).run("CREATE TABLE move_progress ()")
        expectRefusal { if case .unready(let error) = service.readiness() { throw error } }
    }

    @Test("tables of another program are refused")
    func foreignTarget() throws {
        try Database(target.url).run("CREATE TABLE theirs (id BIGINT)")
        let error = #expect(throws: MoveError.self) { try move() }
        #expect(error?.description.contains("belongs to another program") == true)
    }

    @Test(
        "what somebody writes to the new database meanwhile is found by the hashes",
        arguments: [
            "UPDATE person SET name = 'other' WHERE id = 7", "DELETE FROM person WHERE id = 7",
            "INSERT INTO person (id) OVERRIDING SYSTEM VALUE VALUES (7777)",
        ]
    )
    func changedTarget(sql: String) throws {
        try fill(persons: 6_000)
        var isChanged = false
        let error = #expect(throws: MoveError.self) {
            try move { progress in
                guard !isChanged, progress.table == "entry" else { return }
                isChanged = true
                _ = try? Database(target.url).run(sql)
            }
        }
        #expect(isChanged)
        #expect(error?.description.contains("somebody has written") == true, "\(String(describing: error))")
        #expect(error?.description.contains("create it anew") == true)
    }

    @Test("a database that somebody has open is not moved, and nobody opens it during a move")
    func exclusive() throws {
        try fill()
        let reader = try source.open()
        _ = try reader.all(#"SELECT id FROM "Person""#, as: Int.self)
        let error = #expect(throws: MoveError.self) { try move() }
        #expect(error?.description.contains("stop the service") == true, "\(String(describing: error))")
        reader.close()
        var isAsked = false
        _ = try move { _ in
            guard !isAsked else { return }
            isAsked = true
            let other = Database(source.url, longestWait: .zero)
            let refused = #expect(throws: DatabaseError.self) {
                try other.all(#"SELECT id FROM "Person""#, as: Int.self)
            }
            guard case .busy = refused else {
                Issue.record("\(String(describing: refused))")
                return
            }
        }
        #expect(isAsked)
    }

    @Test("both databases have to have this release's schema")
    func schemas() throws {
        let later = Self.migrations + [Migration(number: 2, name: "later", sql: "CREATE TABLE later (id BIGINT)")]
        let old = #expect(throws: MoveError.self) { try move(later) }
        #expect(old?.description.contains("run the `migrate` command first") == true, "\(String(describing: old))")
        try target.migrate(later)
        let newer = #expect(throws: MoveError.self) { try move() }
        #expect(newer?.description.contains("has schema 2, this release has 1") == true, "\(String(describing: newer))")
        try source.migrate(later)
        let unknown = #expect(throws: MoveError.self) { try move() }
        #expect(unknown?.description.contains("with the release that migrated it") == true)
        #expect(throws: Never.self) { try move(later) }
    }

    @Test("only from SQLite to PostgreSQL")
    func kinds() throws {
        #expect(throws: MoveError.self) {
            try DatabaseMove(from: target.url, to: target.url, migrations: Self.migrations)
        }
        #expect(throws: MoveError.self) {
            try DatabaseMove(from: source.url, to: source.url, migrations: Self.migrations)
        }
    }

    @Test(
        "a value that PostgreSQL cannot keep is named by its place, and can be mended",
        arguments: [
            (#"UPDATE "Person" SET name = 'a' || char(0) WHERE id = 2"#, "column name of row 2 of Person holds a NUL"),
            (#"UPDATE "Person" SET name = CAST(x'ff' AS TEXT) WHERE id = 2"#, "is not UTF-8"),
            (#"UPDATE "Person" SET name = x'00' WHERE id = 2"#, "holds bytes"),
            (#"INSERT INTO entry (person, day) VALUES (1, '2027-02-29')"#, "one of the rows 1 to 1 of entry"),
            (
                #"INSERT INTO entry (person, day, "group") VALUES (1, '2027-02-28', printf('%041d', 1))"#,
                "one of the rows 1 to 1 of entry"
            ),
        ]
    )
    func unmovable(sql: String, words: String) throws {
        try fill()
        try source.run(sql)
        let error = #expect(throws: MoveError.self) { try move() }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        #expect(error?.description.contains("then move") == true)
        // What was copied before must stay as it is.
        try source.run(
            sql.contains("entry") ? "DELETE FROM entry" : #"UPDATE "Person" SET name = 'mended' WHERE id = 2"#
        )
        #expect(throws: Never.self) { try move() }
    }

    @Test("what a migration's triggers wrote is not written twice")
    func triggers() throws {
        let migrations = [
            Migration(
                number: 1,
                name: "create",
                sql: """
                    CREATE TABLE item (id INTEGER PRIMARY KEY);
                    CREATE TABLE log (id INTEGER NOT NULL);
                    CREATE TRIGGER logs AFTER INSERT ON item BEGIN INSERT INTO log VALUES (NEW.id); END;
                    """,
                postgreSQL: """
                    CREATE TABLE item (id BIGINT PRIMARY KEY);
                    CREATE TABLE log (id BIGINT NOT NULL);
                    CREATE FUNCTION logs() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN INSERT INTO log VALUES (NEW.id); RETURN NULL; END $$;
                    CREATE TRIGGER logs AFTER INSERT ON item FOR EACH ROW EXECUTE FUNCTION logs();
                    """
            )
        ]
        let source = try TemporaryDatabase(migrations)
        try source.run("INSERT INTO item VALUES (1), (2)")
        let outcome = try DatabaseMove(from: source.url, to: target.url, migrations: migrations).run()
        #expect(outcome.tables.map(\.rows) == [2, 2])
        try Database(target.url).run("INSERT INTO item VALUES (3)")
        #expect(try text("SELECT CAST(count(*) AS TEXT) FROM log") == "3")
    }

    @Test("how far it is, is told in rows and percent")
    func progress() throws {
        try fill(persons: 12_000)
        var lines: [String] = []
        _ = try move { lines.append("\($0)") }
        #expect(lines.first == "copying person, 0 of 12001 rows, 0 %")
        #expect(lines.contains("copying person, 5000 of 12001 rows, 41 %"))
        #expect(lines.contains("comparing person, 10000 of 12001 rows, 83 %"))
    }
}

extension TemporaryDatabase {
    /// Statements of somebody who has the database open for no longer.
    fileprivate func run(_ statements: String...) throws {
        let database = Database(url)
        for sql in statements { try database.run(sql) }
    }
}
