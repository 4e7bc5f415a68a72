/// Brings a database to this release's schema, and makes it (and its directory) where there is none; a database of a
/// PostgreSQL server has to be there.
///
/// The whole run holds the database's write lock, on PostgreSQL an advisory lock: of several at once, one applies and the
/// others then find nothing to do. A run that fails leaves the database as it was.
public struct Migrator {
    private let url: DatabaseURL
    private let migrations: [Migration]
    private let longestWait: Duration
    private let networkFilesystem: NetworkFilesystem.Policy

    /// A migrator for a database that need not exist yet.
    /// - Parameters:
    ///   - url: Which database.
    ///   - migrations: All of this release, in order: `Migrations.all`, which the plugin `EmbedMigrations` writes.
    ///   - longestWait: How long to wait for another migration to end.
    ///   - networkFilesystem: Whether to open a database on a network file system.
    public init(
        _ url: DatabaseURL,
        migrations: [Migration],
        longestWait: Duration = .seconds(60),
        networkFilesystem: NetworkFilesystem.Policy = .refused
    ) {
        self.url = url
        self.migrations = migrations
        self.longestWait = longestWait
        self.networkFilesystem = networkFilesystem
    }

    /// Applies what is missing.
    /// - Throws: `DatabaseError`, also when a migration was edited after it was applied, or when the numbers of the migrations
    ///   are not 1, 2, 3 and so on.
    public func migrate() throws(DatabaseError) -> MigrationOutcome {
        try requireConsecutiveNumbers()
        return try target().migrate(migrations, keeping: true)
    }

    /// Applies what is missing and undoes it again: whether each statement can run on what the database holds. On SQLite other
    /// writers wait meanwhile; on PostgreSQL those who meet the locks of its statements do.
    /// - Returns: What ``migrate()`` would return.
    public func rehearse() throws(DatabaseError) -> MigrationOutcome {
        try requireConsecutiveNumbers()
        return try target().migrate(migrations, keeping: false)
    }

    /// How far the database has come. Changes nothing.
    public func status() throws(DatabaseError) -> SchemaStatus {
        try requireConsecutiveNumbers()
        return SchemaStatus(applied: try target().applied() ?? [], known: migrations)
    }

    private func target() -> any MigrationTarget {
        let limits = BusyTimeout(longestWait: longestWait)
        return switch url.location {
        case .sqlite(let location):
            SQLiteMigration(location: location, limits: limits, networkFilesystem: networkFilesystem)
        case .postgreSQL(let location):
            PostgreSQLMigration(location: location, limits: limits)
        }
    }

    private func requireConsecutiveNumbers() throws(DatabaseError) {
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            let isDuplicate = migrations[..<index].contains { $0.number == migration.number }
            throw .failed(
                "migration \(migration.number) \(migration.name) "
                    + (isDuplicate
                        ? "has the number of another; give it the next free one"
                        : "comes where number \(index + 1) belongs; number the migrations 1, 2, 3 and so on")
            )
        }
    }
}
