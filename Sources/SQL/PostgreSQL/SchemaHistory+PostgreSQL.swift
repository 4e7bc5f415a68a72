extension SchemaHistory {
    /// What is on record; nil for a schema in which there is no table yet.
    /// - Throws: When the schema belongs to something else.
    static func read(_ connection: PostgreSQLConnection) throws(DatabaseError) -> [Entry]? {
        guard try connection.integer("SELECT count(to_regclass('schema_migration'))") == 1 else {
            // Extensions may have brought tables of their own.
            let tables = try connection.integer(
                """
                SELECT count(*) FROM pg_class
                WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace AND NOT EXISTS (
                    SELECT 1 FROM pg_depend
                    WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
                """
            )
            guard tables == 0 else {
                throw .unavailable(
                    reason: "the database at \(connection.location) belongs to another program: it has tables, but no "
                        + "schema_migration",
                    remedy:
                        "name another database in the database URL, or another schema (options=-csearch_path%3Dname)"
                )
            }
            return nil
        }
        let statement = connection.statement(
            "SELECT number, name, checksum, applied_at FROM schema_migration ORDER BY number"
        )
        defer { statement.reset() }
        var entries: [Entry] = []
        while try statement.step() { entries.append(try Entry(Row(of: .postgreSQL(statement)))) }
        return entries
    }

    /// Puts a migration on record.
    static func record(_ migration: Migration, on connection: PostgreSQLConnection) throws(DatabaseError) {
        let statement = connection.statement(
            """
            INSERT INTO schema_migration (number, name, checksum, applied_at)
            VALUES (:number, :name, :checksum, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            """
        )
        let values: Parameters = [
            "number": migration.number, "name": migration.name, "checksum": migration.checksum(for: .postgreSQL),
        ]
        try values.bind(to: .postgreSQL(statement))
        _ = try Statement.postgreSQL(statement).finish()
    }

    /// Refuses a database that lacks a migration this release needs, or to which a move is not finished; takes one round trip.
    static func requireServable(_ connection: PostgreSQLConnection, needed: Int) throws(DatabaseError) {
        guard needed > 0 else { return }
        let statement = connection.statement(
            "SELECT coalesce(max(number), 0), \(UnfinishedMove.isThere) FROM schema_migration"
        )
        defer { statement.reset() }
        var version: Int64 = 0
        do throws(DatabaseError) {
            if try statement.step() {
                version = statement.integer(0)
                guard statement.integer(1) == 0 else { throw UnfinishedMove.error(at: connection.location) }
            }
        } catch .failed(let detail) where detail.contains("SQLSTATE 42P01") {
            // Without the table nothing was migrated.
        }
        try requireServable(version: Int(version), needed: needed, at: "\(connection.location)")
    }
}
