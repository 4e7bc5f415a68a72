import TestDatabases
import Testing
import Values

@testable import SQL

@Suite("statements")
struct StatementTests {
    @Test(
        "parameters are given by name, in any order, and used as often as they stand in the text",
        arguments: Store.all
    )
    func namedParameters(store: Store) throws {
        try on(store) { (file, database) throws in
            let sql = "SELECT :a || :b || :a"
            #expect(try database.first(sql, ["b": "-", "a": "x"]) { row in try row.text(0) } == "x-x")
            #expect(try database.first(sql, "x", "-") { row in try row.text(0) } == "x-x")
        }
    }

    @Test(
        "a value that is missing, or that nothing asks for, is a mistake that names it, and nothing of the call before stays",
        arguments: Store.all
    )
    func wrongParameters(store: Store) throws {
        try on(store) { (file, database) throws in
            let sql = "SELECT :a || :b"
            #expect(try database.first(sql, ["a": "x", "b": "y"]) { row in try row.text(0) } == "xy")
            func fault(_ body: () throws -> Void) -> String {
                let error = #expect(throws: DatabaseError.self) { try body() }
                return error?.description ?? ""
            }
            #expect(fault { try database.run(sql, ["a": "x"]) }.contains("no value was given for :b"))
            #expect(fault { try database.run(sql, ["a": "x", "b": "y", "c": 1]) }.contains("no parameter :c"))
            #expect(fault { try database.run(sql, "x") }.contains("1 values were given for 2 parameters"))
            #expect(fault { try database.run(sql, "x", "y", 3) }.contains("index out of range"))
            #expect(try database.first(sql, ["a": "v", "b": "w"]) { row in try row.text(0) } == "vw")
        }
    }

    @Test("values are bound, never part of the text", arguments: Store.all)
    func injection(store: Store) throws {
        try on(store) { (file, database) throws in
            for text in ["'); DROP TABLE note;--", "Zoë 👩‍👩‍👧", "a\"b\\c", String(repeating: "語", count: 1000)] {
                try database.run("INSERT INTO note (text) VALUES (:text)", ["text": text])
                #expect(try database.first("SELECT text FROM note ORDER BY id DESC") { row in try row["text"] } == text)
            }
        }
    }

    @Test("each kind of value comes back as it was", arguments: Store.all)
    func kinds(store: Store) throws {
        try on(store) { (file, database) throws in
            // Where nothing tells what a value is, PostgreSQL takes it for a text.
            func check<Value: ColumnValue & Equatable>(_ value: Value, _ type: String = "TEXT") throws {
                let sql = "SELECT CAST(:v AS \(type)) AS v"
                #expect(try database.first(sql, ["v": value]) { row in try row["v"] as Value } == value)
                #expect(try database.first(sql, value) { row in try row["v"] as Value } == value)
            }
            for number in [0, 1, -1, Int.max, Int.min] { try check(number, "BIGINT") }
            for real in [0, -0.5, 1e300, .infinity] as [Double] { try check(real, "DOUBLE PRECISION") }
            for text in ["", "x", String(repeating: "é", count: 100)] { try check(text) }
            for bytes in [[], [0, 255, 7]] as [[UInt8]] { try check(bytes, store == .sqlite ? "BLOB" : "BYTEA") }
            for flag in [true, false] { try check(flag, "BOOLEAN") }
            try check(Int?.none, "BIGINT")
            try check(String?.some("x"))
            try check(DatabaseValue.null)
            try check(CivilDate(year: 2028, month: 2, day: 29))
            try check(Timestamp(microsecondsSinceEpoch: 1_795_490_055_123_456), "BIGINT")
            try check(Identifier<Int>(bits: .max))
            try check(Slug<Int>("garden-suite"))
            try check(EmailAddress("ada@example.org"))
            try check(Currency.euro)
            try check(Mood.glad)
            #expect(throws: DatabaseError.corrupted("column v holds what no release wrote")) {
                try database.first("SELECT 'sad' AS v") { row in try row["v"] as Mood }
            }
            #expect(throws: DatabaseError.corrupted("column v holds what no release wrote")) {
                try database.first("SELECT 2 AS v") { row in try row["v"] as Bool }
            }
        }
    }

    private enum Mood: String, ColumnValue { case glad }

    @Test("columns are read by name in any order, and one that is not there is named", arguments: Store.all)
    func columns(store: Store) throws {
        try on(store) { (file, database) throws in
            let sql = "SELECT 1 AS a, 'x' AS b, 2.5 AS c"
            let read = try database.first(sql) { row in
                (try row["c"] as Double, try row["a"] as Int, try row["b"] as String)
            }
            #expect(read! == (2.5, 1, "x"))
            let error = #expect(throws: DatabaseError.self) { try database.first(sql) { row in try row["d"] as Int } }
            #expect(error?.description.contains("no column d") == true)
        }
    }

    @Test("`SELECT *` follows a schema that changes while the service runs", arguments: Store.all)
    func schemaChange(store: Store) throws {
        try on(store) { (file, database) throws in
            try database.add("one")
            func read() throws -> [String] {
                try database.all("SELECT * FROM note") { row in
                    // The last column is asked for first.
                    _ = try row["author"] as String?
                    return try row["text"]
                }
            }
            #expect(try read() == ["one"])
            try file.execute("ALTER TABLE note ADD COLUMN mood TEXT", "ALTER TABLE note RENAME COLUMN author TO writer")
            let error = #expect(throws: DatabaseError.self) { try read() }
            #expect(error?.description.contains("no column author") == true)
            #expect(try database.all("SELECT * FROM note") { row in try row["writer"] as String? } == [nil])
        }
    }

    @Test("one text is compiled once, however often it runs")
    func cache() throws {
        try on(.sqlite) { (file, database) throws in
            let connection = try database.sqliteConnection()
            let sql = "SELECT text FROM note WHERE id = :id"
            let statement = try connection.statement(sql)
            #expect(try connection.statement(sql) === statement)
            // The same text, another string.
            #expect(try connection.statement(sql.split(separator: "x").joined(separator: "x")) === statement)
            // Another text of the same length.
            #expect(try connection.statement("SELECT text FROM note WHERE id = :ix") !== statement)
            #expect(try connection.statement(sql) === statement)
        }
    }

    @Test("texts that are put together from values do not fill the memory", arguments: Store.all)
    func boundedCache(store: Store) throws {
        try on(store) { (file, database) throws in
            for number in 0..<1_000 {
                #expect(try database.first("SELECT \(number)") { row in row.integer(0) } == Int64(number))
            }
        }
    }

    @Test("a statement can be asked again while its rows are being read", arguments: Store.all)
    func nested(store: Store) throws {
        try on(store) { (file, database) throws in
            try database.add("one", "two", "three")
            let sql = "SELECT id, text FROM note WHERE id >= :id ORDER BY id"
            let all = try database.all(sql, 1) { row in
                let id: Int = try row["id"]
                return try database.all(sql, id) { inner in try inner["text"] as String }.joined()
                    + (try row["text"] as String)
            }
            #expect(all == ["onetwothreeone", "twothreetwo", "threethree"])
        }
    }

    @Test("one call runs one statement", arguments: Store.all)
    func single(store: Store) throws {
        try on(store) { (file, database) throws in
            for sql in ["SELECT 1; SELECT 2", "", "-- nothing"] {
                #expect(throws: DatabaseError.self, "\(sql)") { try database.run(sql) }
            }
            #expect(try database.first("SELECT 1 ; \n") { row in row.integer(0) } == 1)
        }
    }

    @Test("the rows that were touched are counted", arguments: Store.all)
    func changes(store: Store) throws {
        try on(store) { (file, database) throws in
            try database.add("one", "two", "three")
            #expect(try database.run("UPDATE note SET author = 'Ada' WHERE id > :id", 1) == 2)
            #expect(try database.run("DELETE FROM note WHERE id = :id", ["id": 7]) == 0)
        }
    }

    @Test("a change may return rows", arguments: Store.all)
    func returning(store: Store) throws {
        try on(store) { (file, database) throws in
            let id = try database.first("INSERT INTO note (text) VALUES ('one') RETURNING id") { row in
                try row["id"] as Int
            }
            #expect(id == 1)
            #expect(try file.open().notes() == ["one"])
        }
    }

    @Test("a broken rule of the schema says which kind of rule", arguments: Store.all)
    func constraints(store: Store) throws {
        try on(store) { (file, database) throws in
            func broken(_ sql: String) throws -> DatabaseError.Constraint? {
                let error = #expect(throws: DatabaseError.self) { try database.run(sql) }
                guard case .violated(let constraint, _) = error else { return nil }
                return constraint
            }
            try database.add("one")
            try file.execute(
                "CREATE TABLE tag (note INTEGER NOT NULL REFERENCES note (id), name TEXT UNIQUE)"
                    + (store == .sqlite ? " STRICT" : "")
            )
            #expect(try broken("INSERT INTO note (id, text) VALUES (1, 'again')") == .unique)
            #expect(try broken("INSERT INTO note (text) VALUES (NULL)") == .notNull)
            #expect(try broken("INSERT INTO note (text) VALUES ('')") == .check)
            #expect(try broken("INSERT INTO tag VALUES (9, 'x')") == .foreignKey)
            try database.run("INSERT INTO tag VALUES (1, 'x')")
            #expect(try broken("INSERT INTO tag VALUES (1, 'x')") == .unique)
            #expect(try broken("INSERT INTO tag VALUES ('x', 'y')") == .other)
            #expect(try database.notes() == ["one"])
        }
    }
}
