/// The table in which a database keeps the migrations it has been through.
enum SchemaHistory {
    /// What makes the table.
    static func table(for dialect: Dialect) -> String {
        """
        CREATE TABLE IF NOT EXISTS schema_migration (
            number     INTEGER NOT NULL PRIMARY KEY,
            name       TEXT    NOT NULL,
            checksum   TEXT    NOT NULL,
            applied_at TEXT    NOT NULL
        )\(dialect == .sqlite ? " STRICT" : "")
        """
    }

    /// The number of the newest migration applied, 0 when none is.
    static let newest = "SELECT coalesce(max(number), 0) FROM schema_migration"

    /// A migration that a database has been through.
    struct Entry {
        let number: Int
        let name: String
        let checksum: String
        let appliedAt: String

        init(_ row: consuming Row) throws(DatabaseError) {
            number = try row["number"]
            name = try row["name"]
            checksum = try row["checksum"]
            appliedAt = try row["applied_at"]
        }
    }

    /// What is on record; nil for a database that is still empty.
    /// - Throws: When the database belongs to something else.
    static func read(_ connection: SQLiteConnection) throws(DatabaseError) -> [Entry]? {
        let all = try connection.integer("SELECT count(*) FROM sqlite_schema")
        guard let all, all > 0 else { return nil }
        guard try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migration'") == 1 else {
            throw .unavailable(
                reason:
                    "the database at \(connection.location.path) belongs to another program: it has tables, but no schema_migration",
                remedy: "name another file in the database URL"
            )
        }
        let statement = try SQLiteStatement(
            "SELECT number, name, checksum, applied_at FROM schema_migration ORDER BY number",
            on: connection
        )
        defer { statement.reset() }
        var entries: [Entry] = []
        while try statement.step() {
            entries.append(try Entry(Row(of: .sqlite(statement))))
        }
        return entries
    }

    /// Puts a migration on record.
    static func record(_ migration: Migration, on connection: SQLiteConnection) throws(DatabaseError) {
        let statement = try connection.statement(
            """
            INSERT INTO schema_migration (number, name, checksum, applied_at)
            VALUES (:number, :name, :checksum, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
            """
        )
        let values: Parameters = [
            "number": migration.number, "name": migration.name, "checksum": migration.checksum(for: .sqlite),
        ]
        try values.bind(to: .sqlite(statement))
        defer { statement.reset() }
        while try statement.step() {}
    }

    /// Refuses a database that has been through a migration of another text than this release knows.
    static func requireUnchanged(
        _ applied: [Entry],
        _ migrations: [Migration],
        for dialect: Dialect
    ) throws(DatabaseError) {
        for entry in applied {
            guard let migration = migrations.first(where: { $0.number == entry.number }) else { continue }
            guard migration.checksum(for: dialect) == entry.checksum else {
                throw .failed(
                    "migration \(entry.number) \(entry.name) was applied on \(entry.appliedAt) with another text; "
                        + "restore the text and put the change into a new migration"
                )
            }
        }
    }

    /// Refuses a database that lacks a migration this release needs. A newer one is served: it was migrated by a later
    /// release, whose migrations keep the one before working until it is gone.
    static func requireServable(_ connection: SQLiteConnection, needed: Int) throws(DatabaseError) {
        let entries = try read(connection)
        try requireServable(version: entries?.last?.number ?? 0, needed: needed, at: connection.location.path)
    }

    static func requireServable(version: Int, needed: Int, at place: String) throws(DatabaseError) {
        guard version < needed else { return }
        throw .unprepared("the database at \(place) has schema \(version), this release needs \(needed)")
    }
}
