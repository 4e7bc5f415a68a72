/// Moves a service from an SQLite database to one of PostgreSQL, while nobody serves it.
///
/// All tables of the schema are copied, as the catalogues of both databases know them, in batches. With each batch it is put on
/// record how far the copy is, so a move that was killed at any moment goes on when it is run again. At the end both databases
/// are read, and the rows of each table counted and hashed; only when all are the same the new one is released: it gets its
/// foreign keys back, and its sequences go on where SQLite was.
public struct DatabaseMove {
    /// What a table came to.
    public struct Table: Hashable, Sendable {
        /// Its name in PostgreSQL.
        public let name: String
        /// How many rows both databases have.
        public let rows: Int
        /// The hash of the rows of both, in hexadecimal.
        public let hash: String
        /// The columns that only SQLite's schema has, and that stay behind.
        public let leftOut: [String]
    }

    /// What came of it.
    public struct Outcome: Hashable, Sendable {
        /// All tables, by name.
        public let tables: [Table]
        /// How many rows this run copied; an earlier one may have copied others.
        public let copied: Int
    }

    private let source: SQLiteLocation
    private let target: PostgreSQLLocation
    private let migrations: [Migration]

    /// From one database to the other.
    /// - Parameters:
    ///   - source: The SQLite database.
    ///   - target: The PostgreSQL database.
    ///   - migrations: Those of this release, all of which the first has been through.
    /// - Throws: When the first is not SQLite's or the second not PostgreSQL's.
    public init(from source: DatabaseURL, to target: DatabaseURL, migrations: [Migration]) throws(MoveError) {
        guard case .sqlite(let source) = source.location else {
            throw MoveError("DATABASE_URL names \(source); it has to name the SQLite database that is to be moved")
        }
        guard case .postgreSQL(let target) = target.location else {
            throw MoveError(
                "\(target) is no database to move to; name a PostgreSQL database: \(PostgreSQLLocation.example)"
            )
        }
        self.source = source
        self.target = target
        self.migrations = migrations
    }

    /// Copies what is missing and compares everything.
    /// - Parameter following: Told how far it is.
    public func run(following: (MoveProgress) -> Void = { _ in }) throws(MoveError) -> Outcome {
        do {
            let source = try MoveSource(source, migrations: migrations)
            let target = try MoveTarget(target)
            let state = try target.prepare(for: source.tables(), migrations)
            var copied = 0
            switch state {
            case .full: break
            case .empty: copied = try copy(source, target, [:], following)
            case .begun(let rows): copied = try copy(source, target, rows, following)
            }
            var tables: [Table] = []
            try target.holdingTables {
                tables = try compare(source, target, state, following)
                if state.isFull { return }
                try target.finish(counter: source.counter)
            }
            return Outcome(tables: tables, copied: copied)
        } catch {
            throw MoveError(error)
        }
    }

    // MARK: Copying

    /// A batch is written when it has so many rows or bytes: enough that a commit for each costs little, and little enough
    /// that its memory is no matter.
    private static let rowsOfBatch = 5_000
    private static let bytesOfBatch = 4 * 1024 * 1024

    /// - Returns: How many rows were copied.
    private func copy(
        _ source: MoveSource,
        _ target: MoveTarget,
        _ before: [String: Int],
        _ following: (MoveProgress) -> Void
    ) throws -> Int {
        let total = target.tables.reduce(0) { $0 + $1.rows }
        var (behind, new) = (0, 0)
        for table in target.tables {
            var copied = before[table.target] ?? 0
            var batch = Batch(of: table)
            func write() throws {
                try target.insert(batch.values, into: table, after: copied, count: batch.count)
                copied += batch.count
                new += batch.count
                batch = Batch(of: table)
                following(MoveProgress(step: .copying, table: table.target, rows: behind + copied, total: total))
            }
            following(MoveProgress(step: .copying, table: table.target, rows: behind + copied, total: total))
            try source.forEachRow(of: table, after: copied) { row in
                batch.append(row)
                if batch.count >= Self.rowsOfBatch || batch.length >= Self.bytesOfBatch { try write() }
            }
            if batch.count > 0 { try write() }
            behind += table.rows
        }
        return new
    }

    /// Rows of a table, column by column.
    private struct Batch {
        private(set) var values: [TextArray]
        private(set) var count = 0

        init(of table: MovedTable) { values = Array(repeating: TextArray(), count: table.columns.count) }

        var length: Int { values.reduce(0) { $0 + $1.length } }

        mutating func append(_ row: [String?]) {
            for index in row.indices { values[index].append(row[index]) }
            count += 1
        }
    }

    // MARK: Comparing

    private func compare(
        _ source: MoveSource,
        _ target: MoveTarget,
        _ state: MoveTarget.State,
        _ following: (MoveProgress) -> Void
    ) throws -> [Table] {
        let total = target.tables.reduce(0) { $0 + $1.rows }
        var behind = 0
        return try target.tables.enumerated().map { number, table in
            following(MoveProgress(step: .comparing, table: table.target, rows: behind, total: total))
            let ours = try digest(of: table, in: source, asTypeWrites: target)
            var theirs = TableDigest()
            try target.forEachRow(of: table, number: number) { row in
                theirs.add(row)
                if theirs.rows % Self.rowsOfBatch == 0 {
                    let rows = behind + min(theirs.rows, table.rows)
                    following(MoveProgress(step: .comparing, table: table.target, rows: rows, total: total))
                }
            }
            behind += table.rows
            guard ours == theirs else { throw difference(table, ours, theirs, state) }
            return Table(name: table.target, rows: ours.rows, hash: ours.hash, leftOut: table.leftOut)
        }
    }

    private func difference(
        _ table: MovedTable,
        _ ours: TableDigest,
        _ theirs: TableDigest,
        _ state: MoveTarget.State
    ) -> MoveError {
        let found =
            ours.rows == theirs.rows
            ? "the \(ours.rows) rows of \(table.target) are others in PostgreSQL than in SQLite"
            : "\(table.target) has \(theirs.rows) rows in PostgreSQL and \(ours.rows) in SQLite"
        if state.isFull {
            return MoveError("the database at \(target) is not empty, and \(found); name an empty one")
        }
        return MoveError(
            "\(found): somebody has written to one of them since the move began; "
                + "drop the database at \(target), create it anew, and move again"
        )
    }

    /// What SQLite has, as PostgreSQL would write it.
    private func digest(
        of table: MovedTable,
        in source: MoveSource,
        asTypeWrites target: MoveTarget
    ) throws -> TableDigest {
        var digest = TableDigest()
        let converted = table.columns.indices.filter { table.columns[$0].form == .asTypeWrites }
        guard !converted.isEmpty else {
            try source.forEachRow(of: table) { digest.add($0) }
            return digest
        }
        var rows: [[String?]] = []
        func add() throws {
            for index in converted {
                var values = TextArray()
                for row in rows { values.append(row[index]) }
                let written = try target.asTypeWrites(values, table.columns[index])
                for number in rows.indices { rows[number][index] = written[number] }
            }
            for row in rows { digest.add(row) }
            rows.removeAll(keepingCapacity: true)
        }
        try source.forEachRow(of: table) { row in
            rows.append(row)
            if rows.count == Self.rowsOfBatch { try add() }
        }
        try add()
        return digest
    }
}
