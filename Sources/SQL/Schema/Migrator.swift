/// Brings a database to this release's schema, and makes it (and its directory) where there is none.
///
/// The whole run holds the database's write lock: of several at once, one applies and the others then find nothing to do.
/// A run that fails leaves the database as it was.
public struct Migrator {
    private let location: SQLiteLocation
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
        switch url.location {
        case .sqlite(let location): self.location = location
        }
        self.migrations = migrations
        self.longestWait = longestWait
        self.networkFilesystem = networkFilesystem
    }

    /// Applies what is missing.
    /// - Throws: `DatabaseError`, also when a migration was edited after it was applied, or when the numbers of the migrations
    ///   are not 1, 2, 3 and so on.
    public func migrate() throws(DatabaseError) -> MigrationOutcome {
        try requireConsecutiveNumbers()
        try Directory.create(location.directory)
        if networkFilesystem == .refused { try NetworkFilesystem.refuse(location) }
        let connection = try SQLiteConnection.open(
            location,
            for: .migrating,
            busyTimeout: BusyTimeout(longestWait: longestWait)
        )
        // Before anything of it is changed: is it ours?
        _ = try SchemaHistory.read(connection)
        try connection.useWriteAheadLog()
        // A migration may rebuild a table that others refer to; all references are checked at the end instead.
        try connection.execute("PRAGMA foreign_keys = OFF")
        try connection.beginWriting()
        do throws(DatabaseError) {
            let outcome = try advance(connection)
            try connection.commit()
            return outcome
        } catch {
            connection.endTransaction()
            throw error
        }
    }

    /// How far the database has come. Changes nothing.
    public func status() throws(DatabaseError) -> SchemaStatus {
        try requireConsecutiveNumbers()
        let connection = try SQLiteConnection.open(
            location,
            for: .serving,
            busyTimeout: BusyTimeout(longestWait: longestWait)
        )
        return SchemaStatus(applied: try SchemaHistory.read(connection) ?? [], known: migrations)
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

    private func advance(_ connection: SQLiteConnection) throws(DatabaseError) -> MigrationOutcome {
        let applied = try SchemaHistory.read(connection) ?? []
        try SchemaHistory.requireUnchanged(applied, migrations)
        let newest = applied.last?.number ?? 0
        let known = migrations.last?.number ?? 0
        guard newest <= known else { return .newer(schema: newest, known: known) }
        let pending = migrations.filter { $0.number > newest }
        guard !pending.isEmpty else { return .current(schema: newest) }

        try connection.execute(SchemaHistory.table)
        for migration in pending {
            try connection.execute(migration.sql)
            guard connection.isInTransaction else {
                throw .failed("migration \(migration.number) ends the transaction; take COMMIT and ROLLBACK out of it")
            }
            try SchemaHistory.record(migration, on: connection)
        }
        try requireSoundReferences(connection)
        return .applied(pending.map { "\($0.number) \($0.name)" })
    }

    private func requireSoundReferences(_ connection: SQLiteConnection) throws(DatabaseError) {
        let broken = try connection.text("PRAGMA foreign_key_check")
        if let broken { throw .failed("a migration leaves rows of table \(broken) that refer to nothing") }
    }
}
