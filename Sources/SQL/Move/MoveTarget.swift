import Linux

/// The PostgreSQL database that is moved to. What has been copied is on record there, in the transaction that copies it, so a
/// move that was killed goes on where it was.
final class MoveTarget {
    /// What the database held before.
    enum State {
        /// Nothing.
        case empty
        /// What an earlier run has copied: how many rows of each table.
        case begun([String: Int])
        /// Rows, and no record of a move.
        case full

        var isFull: Bool {
            if case .full = self { true } else { false }
        }
    }

    private let location: PostgreSQLLocation
    private let connection: PostgreSQLConnection
    private let limits = BusyTimeout(longestWait: .seconds(60))

    /// The tables that are moved; set by ``prepare(for:_:)``.
    private(set) var tables: [MovedTable] = []

    init(_ location: PostgreSQLLocation) throws {
        self.location = location
        connection = try PostgreSQLConnector.open(location, limits)
    }

    // MARK: Before

    /// Brings the database to the schema of these migrations and readies it for the tables of the other one. Foreign keys go
    /// until ``finish(_:)``, so that rows may come in any order and tables may refer to each other.
    func prepare(for sources: [MoveSource.Table], _ migrations: [Migration]) throws -> State {
        do {
            try connection.beginMigrating()
            let isNew = try connection.schemaHistory() == nil
            if case .newer(let schema, let known) = try connection.advance(migrations) {
                throw MoveError(
                    "the database at \(location) has schema \(schema), this release has \(known): "
                        + "move to an empty database, or with the release that migrated it"
                )
            }
            tables = try match(sources)
            let state = try state(isNew: isNew)
            if case .empty = state { try begin(isNew: isNew) }
            if !state.isFull { try recordTables() }
            try connection.commit()
            return state
        } catch {
            connection.endTransaction()
            throw error
        }
    }

    private func state(isNew: Bool) throws -> State {
        if try UnfinishedMove.exists(on: connection) {
            let copied = try all("SELECT table_name, copied FROM move_progress") { row in
                (try row.text(0), Int(row.integer(1)))
            }
            return .begun(Dictionary(copied) { $1 })
        }
        guard !isNew else { return .empty }
        for table in tables
        where try connection.integer("SELECT count(*) FROM (SELECT 1 FROM \(quoted(table.target)) LIMIT 1) AS found")
            != 0
        {
            return .full
        }
        return .empty
    }

    /// Makes the record of the move.
    private func begin(isNew: Bool) throws {
        try connection.execute(
            """
            CREATE TABLE move_progress (table_name TEXT NOT NULL PRIMARY KEY, copied BIGINT NOT NULL);
            CREATE TABLE move_foreign_key (table_name TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL);
            INSERT INTO move_foreign_key
            SELECT CAST(CAST(conrelid AS regclass) AS text), quote_ident(conname), pg_get_constraintdef(oid)
            FROM pg_constraint
            WHERE contype = 'f' AND conparentid = 0 AND connamespace = CAST(current_schema() AS regnamespace)
            """
        )
        for key in try foreignKeys() {
            try connection.execute("ALTER TABLE \(key.table) DROP CONSTRAINT \(key.name)")
        }
        // What a migration has put there comes from the other database, as it is by now.
        guard isNew else { return }
        for table in tables { try connection.execute("TRUNCATE \(quoted(table.target))") }
    }

    private func recordTables() throws {
        for table in tables {
            try run(
                "INSERT INTO move_progress (table_name, copied) VALUES (:table, 0) ON CONFLICT (table_name) DO NOTHING",
                ["table": table.target]
            )
        }
    }

    private func foreignKeys() throws -> [(table: String, name: String, definition: String)] {
        try all("SELECT table_name, name, definition FROM move_foreign_key ORDER BY table_name, name") { row in
            (try row.text(0), try row.text(1), try row.text(2))
        }
    }

    // MARK: Tables

    private struct Column {
        let table: String
        let name: String
        let type: String
        let fullType: String
        let oid: Int64
        let isComputed: Bool
        let sequence: String?
        let hasTriggers: Bool
    }

    /// Finds the tables and columns of SQLite in this schema, whose names may be in other letter case.
    private func match(_ sources: [MoveSource.Table]) throws -> [MovedTable] {
        let columns = try all(
            """
            SELECT relname, attname, format_type(atttypid, -1), format_type(atttypid, atttypmod),
                CAST(atttypid AS BIGINT), CASE attgenerated WHEN '' THEN 0 ELSE 1 END,
                pg_get_serial_sequence(quote_ident(relname), attname),
                CASE WHEN EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = pg_class.oid AND NOT tgisinternal)
                    THEN 1 ELSE 0 END
            FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
            WHERE relkind IN ('r', 'p') AND relnamespace = CAST(current_schema() AS regnamespace)
                AND attnum > 0 AND NOT attisdropped
            ORDER BY relname, attnum
            """
        ) { row in
            Column(
                table: try row.text(0),
                name: try row.text(1),
                type: try row.text(2),
                fullType: try row.text(3),
                oid: row.integer(4),
                isComputed: row.integer(5) == 1,
                sequence: row.isNull(6) ? nil : try row.text(6),
                hasTriggers: row.integer(7) == 1
            )
        }
        let targets = Dictionary(grouping: columns) { $0.table.lowercased() }
        return try sources.compactMap { source in
            guard let columns = targets[source.name.lowercased()], let target = columns.first else {
                guard source.rows > 0 else { return nil }
                throw MoveError(
                    "the table \(source.name) has \(source.rows) rows, and there is none for them in PostgreSQL: "
                        + "add it to the migrations for PostgreSQL, or empty it"
                )
            }
            let both = source.columns.compactMap { name in
                columns.first { $0.name.lowercased() == name.lowercased() }.map { (name, $0) }
            }
            return MovedTable(
                source: source.name,
                target: target.table,
                columns: both.filter { !$0.1.isComputed }.map { name, column in
                    MovedTable.Column(
                        source: name,
                        target: column.name,
                        type: column.type,
                        fullType: column.fullType,
                        form: Self.form(ofType: column.oid),
                        sequence: column.sequence
                    )
                },
                order: source.order,
                rows: source.rows,
                hasTriggers: target.hasTriggers,
                leftOut: source.columns.filter { name in !both.contains { $0.0 == name } }
            )
        }
    }

    /// By the type's OID, which never changes (pg_type.dat).
    private static func form(ofType oid: Int64) -> MovedTable.Form {
        switch oid {
        case 17: .bytes
        // bigint, smallint, integer, text, varchar.
        case 20, 21, 23, 25, 1043: .plain
        default: .asTypeWrites
        }
    }

    // MARK: Copying

    /// Adds rows to a table, given as a list of values for each column, and puts on record that they are there.
    /// - Parameters:
    ///   - copied: How many rows of the table were copied before.
    ///   - count: How many are in the lists.
    func insert(_ values: [TextArray], into table: MovedTable, after copied: Int, count: Int) throws {
        do {
            connection.begin(transaction)
            // Whatever triggers wrote is among the rows of the other database.
            if table.hasTriggers { try connection.execute("ALTER TABLE \(quoted(table.target)) DISABLE TRIGGER USER") }
            let numbers = table.columns.indices
            let statement = connection.statement(
                """
                INSERT INTO \(quoted(table.target)) (\(table.columns.map { quoted($0.target) }.joined(separator: ", ")))
                OVERRIDING SYSTEM VALUE
                SELECT \(numbers.map { "CAST(c\($0) AS \(table.columns[$0].type))" }.joined(separator: ", "))
                FROM unnest(\(numbers.map { "CAST(:c\($0) AS text[])" }.joined(separator: ", ")))
                    AS rows (\(numbers.map { "c\($0)" }.joined(separator: ", ")))
                """
            )
            for number in numbers { try statement.bind(.text(values[number].text), at: number) }
            try statement.enqueue()
            let recorded = try run(
                "UPDATE move_progress SET copied = :now WHERE table_name = :table AND copied = :before",
                ["now": copied + count, "table": table.target, "before": copied]
            )
            guard recorded == 1 else {
                throw MoveError("somebody else moves to \(location) at the same time; wait for the end of that")
            }
            if table.hasTriggers { try connection.execute("ALTER TABLE \(quoted(table.target)) ENABLE TRIGGER USER") }
            try connection.commit()
        } catch DatabaseError.violated(let constraint, let detail) {
            connection.endTransaction()
            throw MoveError(
                "PostgreSQL refuses one of the rows \(copied + 1) to \(copied + count) of \(table.source) "
                    + "(\(constraint.rawValue)): \(detail); change it in SQLite, then move"
            )
        } catch {
            connection.endTransaction()
            throw error
        }
    }

    /// What begins a transaction: texts look the same whatever the server's defaults are, and it may take its time.
    private var transaction: [String] {
        [
            "BEGIN ISOLATION LEVEL READ COMMITTED", "SET LOCAL lock_timeout = \(limits.longestWait.milliseconds)",
            "SET LOCAL statement_timeout = 0", "SET LOCAL TimeZone = 'UTC'", "SET LOCAL DateStyle = 'ISO'",
            "SET LOCAL IntervalStyle = 'postgres'", "SET LOCAL bytea_output = 'hex'",
            "SET LOCAL extra_float_digits = 1",
        ]
    }

    // MARK: Comparing

    /// Runs the body while nobody can write to the tables, and keeps what it did.
    func holdingTables(_ body: () throws -> Void) throws {
        do {
            connection.begin(transaction)
            if !tables.isEmpty {
                try connection.execute(
                    "LOCK TABLE \(tables.map { quoted($0.target) }.joined(separator: ", ")) IN SHARE MODE"
                )
            }
            try body()
            try connection.commit()
        } catch {
            connection.endTransaction()
            throw error
        }
    }

    /// Hands out the rows of a table as texts, in any order.
    func forEachRow(of table: MovedTable, number: Int, _ body: ([String?]) throws -> Void) throws {
        let columns = table.columns.map { "CAST(\(quoted($0.target)) AS text)" }.joined(separator: ", ")
        let cursor = "move_\(number)"
        try connection.execute(
            "DECLARE \(cursor) NO SCROLL CURSOR FOR SELECT \(columns.isEmpty ? "1" : columns) FROM \(quoted(table.target))"
        )
        var isOver = false
        while !isOver {
            isOver = true
            let statement = connection.statement("FETCH \(Self.batch) FROM \(cursor)")
            defer { statement.reset() }
            while try statement.step() {
                isOver = false
                try body(table.columns.indices.map { statement.text($0) })
            }
        }
        try connection.execute("CLOSE \(cursor)")
    }

    /// How many rows are read at a time.
    private static let batch = 2_000

    /// Values as PostgreSQL would write them, had it read them into a column.
    func asTypeWrites(_ values: TextArray, _ column: MovedTable.Column) throws -> [String?] {
        let statement = connection.statement(
            """
            SELECT CAST(CAST(value AS \(column.fullType)) AS text)
            FROM unnest(CAST(:given AS text[])) WITH ORDINALITY AS given (value, position) ORDER BY position
            """
        )
        try statement.bind(.text(values.text), at: 0)
        defer { statement.reset() }
        var written: [String?] = []
        while try statement.step() { written.append(statement.text(0)) }
        return written
    }

    // MARK: After

    /// Gives the tables their foreign keys and counters, and forgets that they were moved.
    /// - Parameter counter: What an AUTOINCREMENT table of SQLite has counted to.
    func finish(counter: (MovedTable) throws -> Int64?) throws {
        for key in try foreignKeys() {
            do throws(DatabaseError) {
                try connection.execute("ALTER TABLE \(key.table) ADD CONSTRAINT \(key.name) \(key.definition)")
            } catch {
                guard case .violated(_, let detail) = error else { throw error }
                throw MoveError(
                    "rows of \(key.table) refer to nothing: \(detail); change them in SQLite and move to an empty database"
                )
            }
        }
        for table in tables {
            for column in table.columns {
                guard let sequence = column.sequence else { continue }
                let greatest = try connection.integer(
                    "SELECT max(\(quoted(column.target))) FROM \(quoted(table.target))"
                )
                guard let last = [greatest, try counter(table)].compactMap(\.self).max(), last > 0 else { continue }
                try run(
                    "SELECT setval(CAST(:sequence AS regclass), CAST(:last AS BIGINT))",
                    ["sequence": sequence, "last": last]
                )
            }
            try connection.execute("ANALYZE \(quoted(table.target))")
        }
        try connection.execute("DROP TABLE move_progress, move_foreign_key")
    }

    // MARK: Statements

    @discardableResult
    private func run(_ sql: String, _ parameters: Parameters) throws -> Int {
        let statement = Statement.postgreSQL(connection.statement(sql))
        try parameters.bind(to: statement)
        return try statement.finish()
    }

    private func all<Value>(_ sql: String, make: (borrowing Row) throws -> Value) throws -> [Value] {
        let statement = Statement.postgreSQL(connection.statement(sql))
        defer { statement.reset() }
        var values: [Value] = []
        while try statement.step() { values.append(try make(Row(of: statement))) }
        return values
    }
}
