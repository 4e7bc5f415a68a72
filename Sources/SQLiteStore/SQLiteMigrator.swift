public import Stays
import Values

/// Brings an SQLite database to this release's schema, and makes it (and its directory) where there is none.
///
/// The whole run holds the database's write lock: of several at once, one applies and the others then find nothing to do.
/// A run that fails leaves the database as it was.
public struct SQLiteMigrator {
    private let location: SQLiteLocation
    private let migrations: [Migration]
    private let longestWait: Duration
    private let networkFilesystem: NetworkFilesystem.Policy

    /// A migrator for a database that need not exist yet.
    /// - Parameters:
    ///   - location: The database.
    ///   - longestWait: How long to wait for another migration to end.
    ///   - networkFilesystem: Whether to open a database on a network file system.
    public init(
        _ location: SQLiteLocation,
        longestWait: Duration = .seconds(60),
        networkFilesystem: NetworkFilesystem.Policy = .refused
    ) {
        self.init(location, migrations: Migration.all, longestWait: longestWait, networkFilesystem: networkFilesystem)
    }

    init(
        _ location: SQLiteLocation,
        migrations: [Migration],
        longestWait: Duration = .seconds(60),
        networkFilesystem: NetworkFilesystem.Policy = .refused
    ) {
        self.location = location
        self.migrations = migrations
        self.longestWait = longestWait
        self.networkFilesystem = networkFilesystem
    }

    /// Applies what is missing.
    public func migrate() throws(StoreError) -> MigrationOutcome {
        try Directory.create(location.directory)
        if networkFilesystem == .refused { try NetworkFilesystem.refuse(location) }
        let connection = try Connection.open(location, for: .migrating, patience: Patience(longestWait: longestWait))
        // Before anything of it is changed: is it ours?
        _ = try SchemaHistory.read(connection)
        try connection.useWriteAheadLog()
        // A migration may rebuild a table that others refer to; all references are checked at the end instead.
        try connection.execute("PRAGMA foreign_keys = OFF")
        try connection.execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            let outcome = try advance(connection)
            try connection.execute("COMMIT")
            return outcome
        } catch {
            if connection.isInTransaction { try? connection.execute("ROLLBACK") }
            throw error
        }
    }

    /// How far the database has come. Changes nothing.
    public func status() throws(StoreError) -> SchemaStatus {
        let connection = try Connection.open(location, for: .serving, patience: Patience(longestWait: longestWait))
        return SchemaStatus(applied: try SchemaHistory.read(connection) ?? [], known: migrations)
    }

    private func advance(_ connection: borrowing Connection) throws(StoreError) -> MigrationOutcome {
        let applied = try SchemaHistory.read(connection) ?? []
        try requireUnchanged(applied)
        let newest = applied.last?.number ?? 0
        let known = migrations.last?.number ?? 0
        guard newest <= known else { return .newer(schema: newest, known: known) }
        let pending = migrations.filter { $0.number > newest }
        guard !pending.isEmpty else { return .current(schema: newest) }

        try connection.execute(SchemaHistory.table)
        let record = try Statement(SchemaHistory.insert, on: connection)
        for migration in pending {
            try connection.execute(migration.sql)
            guard connection.isInTransaction else {
                throw .failed("migration \(migration.number) ends the transaction; take COMMIT and ROLLBACK out of it")
            }
            try record.run(migration.number, migration.name, migration.checksum)
        }
        try requireSoundReferences(connection)
        return .applied(pending.map { "\($0.number) \($0.name)" })
    }

    private func requireUnchanged(_ applied: [SchemaHistory.Entry]) throws(StoreError) {
        for entry in applied {
            guard let migration = migrations.first(where: { $0.number == entry.number }) else { continue }
            guard migration.checksum == entry.checksum else {
                throw .failed(
                    "migration \(entry.number) \(entry.name) was applied on \(entry.appliedAt) with another text; "
                        + "restore the text and put the change into a new migration"
                )
            }
        }
    }

    private func requireSoundReferences(_ connection: borrowing Connection) throws(StoreError) {
        let broken = try Statement("PRAGMA foreign_key_check", on: connection)
            .first { row throws(StoreError) in try row.text(0) }
        if let broken { throw .failed("a migration leaves rows of table \(broken) that refer to nothing") }
    }
}
