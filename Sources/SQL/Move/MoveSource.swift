/// The SQLite database that is moved. Nobody else can open it until the value ends: what was written meanwhile would be lost.
final class MoveSource {
    /// A table as SQLite has it.
    struct Table {
        let name: String
        let columns: [String]
        /// The terms of an ORDER BY.
        let order: String
        let rows: Int
    }

    private let connection: SQLiteConnection

    /// Takes the database for itself.
    /// - Parameter migrations: Exactly those that it must have been through.
    init(_ location: SQLiteLocation, migrations: [Migration]) throws {
        connection = try Self.open(location)
        let history = try SchemaHistory.read(connection) ?? []
        try SchemaHistory.requireUnchanged(history, migrations, for: .sqlite)
        let (schema, known) = (history.last?.number ?? 0, migrations.last?.number ?? 0)
        guard schema == known else {
            throw MoveError(
                "the database at \(location.path) has schema \(schema), this release has \(known): "
                    + (schema < known ? "run the `migrate` command first" : "move it with the release that migrated it")
            )
        }
    }

    private static func open(_ location: SQLiteLocation) throws -> SQLiteConnection {
        // Who has it open has it open for long.
        let limits = BusyTimeout(longestWait: .milliseconds(200))
        do {
            let connection = try SQLiteConnection.open(location, for: .serving, busyTimeout: limits)
            // From the first write transaction on the database's file is locked against all others, readers too.
            try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            try connection.beginWriting()
            return connection
        } catch DatabaseError.busy {
            throw MoveError(
                "\(location.path) is in use: stop the service, and whatever else has the database open, then move"
            )
        } catch DatabaseError.unprepared(let reason, _) {
            throw MoveError("\(reason); name the database that is to be moved in DATABASE_URL")
        }
    }

    deinit { connection.endTransaction() }

    /// All tables but the record of the migrations, by name.
    func tables() throws -> [Table] {
        let found = try all(
            """
            SELECT name, type, wr FROM pragma_table_list
            WHERE schema = 'main' AND type IN ('table', 'virtual') AND substr(name, 1, 7) <> 'sqlite_'
                AND name <> 'schema_migration'
            ORDER BY name
            """
        ) { row in (name: try row.text(0), isVirtual: try row.text(1) == "virtual", hasRowid: row.integer(2) == 0) }
        if let table = found.first(where: \.isVirtual) {
            throw MoveError("the table \(table.name) is a virtual one of SQLite, which cannot be moved")
        }
        return try found.map { table in
            let columns = try all(
                // Neither hidden columns nor what is computed.
                "SELECT name, pk FROM pragma_table_xinfo(:table) WHERE hidden = 0 ORDER BY cid",
                ["table": table.name]
            ) { row in (name: try row.text(0), key: row.integer(1)) }
            let key = columns.filter { $0.key > 0 }.sorted { $0.key < $1.key }.map { quoted($0.name) }
            // A column may have taken one of the names of the row's number.
            let rowid = ["rowid", "_rowid_", "oid"].first { name in !columns.contains { $0.name.lowercased() == name } }
            let rows = try all("SELECT count(*) FROM \(quoted(table.name))") { row in Int(row.integer(0)) }
            return Table(
                name: table.name,
                columns: columns.map(\.name),
                order: (table.hasRowid ? rowid : nil) ?? key.joined(separator: ", "),
                rows: rows.first ?? 0
            )
        }
    }

    /// The number that an AUTOINCREMENT table has counted to, nil for others.
    func counter(of table: MovedTable) throws -> Int64? {
        guard try all("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'", make: { _ in true }) == [true]
        else {
            return nil
        }
        return try all("SELECT seq FROM sqlite_sequence WHERE name = :table", ["table": table.source]) { $0.integer(0) }
            .first
    }

    /// Hands out the rows of a table in its order, as texts.
    /// - Parameter skipped: How many to leave out at the beginning.
    func forEachRow(of table: MovedTable, after skipped: Int = 0, _ body: ([String?]) throws -> Void) throws {
        let columns = table.columns.map { quoted($0.source) }.joined(separator: ", ")
        let statement = try SQLiteStatement(
            """
            SELECT \(columns.isEmpty ? "1" : columns) FROM \(quoted(table.source)) ORDER BY \(table.order)
            LIMIT -1 OFFSET :skipped
            """,
            on: connection
        )
        try statement.bind(Int64(skipped), at: 0)
        defer { statement.reset() }
        var number = skipped
        while try statement.step() {
            number += 1
            try body(
                table.columns.indices.map { index in
                    do throws(Unmovable) {
                        return try text(of: statement, index, table.columns[index].form)
                    } catch {
                        throw MoveError(
                            "column \(table.columns[index].source) of row \(number) of \(table.source) "
                                + "\(error.reason); change it there, then move"
                        )
                    }
                }
            )
        }
    }

    /// A value that PostgreSQL could not keep as it is.
    private struct Unmovable: Error {
        let reason: String
    }

    private func text(
        of statement: SQLiteStatement,
        _ column: Int,
        _ form: MovedTable.Form
    ) throws(Unmovable) -> String? {
        switch statement.storage(column) {
        case .null: return nil
        case .integer: return String(statement.integer(column))
        case .real:
            let real = statement.real(column)
            guard real.isInfinite else { return "\(real)" }
            return real < 0 ? "-Infinity" : "Infinity"
        case .text:
            guard let text = statement.text(column) else { throw Unmovable(reason: "is not UTF-8") }
            guard form != .bytes else { return Self.hexadecimal(Array(text.utf8)) }
            guard !text.utf8.contains(0) else {
                throw Unmovable(reason: "holds a NUL character, which PostgreSQL keeps in no text")
            }
            return text
        case .blob:
            guard form == .bytes else { throw Unmovable(reason: "holds bytes, where PostgreSQL has no bytea") }
            return Self.hexadecimal(statement.blob(column))
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("\\x".utf8)
        text.reserveCapacity(2 + bytes.count * 2)
        for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    private func all<Value>(
        _ sql: String,
        _ parameters: Parameters = [:],
        make: (borrowing Row) throws -> Value
    ) throws -> [Value] {
        let statement = Statement.sqlite(try SQLiteStatement(sql, on: connection))
        try parameters.bind(to: statement)
        defer { statement.reset() }
        var values: [Value] = []
        while try statement.step() { values.append(try make(Row(of: statement))) }
        return values
    }
}
