import Stays
import Values

/// The table in which a database keeps the migrations it has been through.
enum SchemaHistory {
    static let table = """
        CREATE TABLE IF NOT EXISTS schema_migration (
            number     INTEGER NOT NULL PRIMARY KEY,
            name       TEXT    NOT NULL,
            checksum   TEXT    NOT NULL,
            applied_at TEXT    NOT NULL
        ) STRICT
        """

    /// The number of the newest migration applied, 0 when none is.
    static let newest = "SELECT coalesce(max(number), 0) FROM schema_migration"

    static let insert = """
        INSERT INTO schema_migration (number, name, checksum, applied_at)
        VALUES (?1, ?2, ?3, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
        """

    /// A migration that a database has been through.
    struct Entry {
        let number: Int
        let name: String
        let checksum: String
        let appliedAt: String
    }

    /// What is on record; nil for a database that is still empty.
    /// - Throws: When the database belongs to something else.
    static func read(_ connection: borrowing Connection) throws(StoreError) -> [Entry]? {
        let tables = try Statement(
            "SELECT count(*), coalesce(sum(name = 'schema_migration'), 0) FROM sqlite_schema",
            on: connection
        ).first { row in (all: row.integer(0), own: row.integer(1)) }
        guard let tables, tables.all > 0 else { return nil }
        guard tables.own == 1 else {
            throw .unavailable(
                reason:
                    "the database at \(connection.location.path) belongs to another program: it has tables, but no schema_migration",
                remedy: "name another file in the database URL"
            )
        }
        return try Statement(
            "SELECT number, name, checksum, applied_at FROM schema_migration ORDER BY number",
            on: connection
        ).all { row throws(StoreError) in
            Entry(
                number: Int(truncatingIfNeeded: row.integer(0)),
                name: try row.text(1),
                checksum: try row.text(2),
                appliedAt: try row.text(3)
            )
        }
    }

    /// Refuses a database that lacks a migration this release needs. A newer one is served: it was migrated by a later
    /// release, whose migrations keep the one before working until it is gone.
    static func requireServable(_ connection: borrowing Connection) throws(StoreError) {
        let entries = try read(connection)
        try requireServable(version: entries?.last?.number ?? 0, at: connection.location)
    }

    static func requireServable(version: Int, at location: SQLiteLocation) throws(StoreError) {
        let needed = Migration.all.last?.number ?? 0
        guard version < needed else { return }
        throw .unprepared("the database at \(location.path) has schema \(version), this release needs \(needed)")
    }
}
