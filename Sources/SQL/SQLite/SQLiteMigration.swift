import Glibc

/// Migrates a database in a file.
struct SQLiteMigration: MigrationTarget {
    let location: SQLiteLocation
    let limits: BusyTimeout
    let networkFilesystem: NetworkFilesystem.Policy

    func migrate(_ migrations: [Migration], keeping: Bool) throws(DatabaseError) -> MigrationOutcome {
        // What is not kept leaves no file behind.
        let isThere = unsafe access(location.path, F_OK) == 0
        let connection = try keeping || isThere ? openFile() : open(.inMemory)
        // A migration may rebuild a table that others refer to; all references are checked at the end instead.
        try connection.execute("PRAGMA foreign_keys = OFF")
        try connection.beginWriting()
        do throws(DatabaseError) {
            let outcome = try advance(connection, migrations)
            if keeping { try connection.commit() } else { connection.endTransaction() }
            return outcome
        } catch {
            connection.endTransaction()
            throw error
        }
    }

    private func openFile() throws(DatabaseError) -> SQLiteConnection {
        try Directory.create(location.directory)
        if networkFilesystem == .refused { try NetworkFilesystem.refuse(location) }
        let connection = try open(location)
        // Before anything of it is changed: is it ours?
        _ = try SchemaHistory.read(connection)
        try connection.useWriteAheadLog()
        return connection
    }

    private func open(_ location: SQLiteLocation) throws(DatabaseError) -> SQLiteConnection {
        try SQLiteConnection.open(location, for: .migrating, busyTimeout: limits)
    }

    func applied() throws(DatabaseError) -> [SchemaHistory.Entry]? {
        try SchemaHistory.read(SQLiteConnection.open(location, for: .serving, busyTimeout: limits))
    }

    private func advance(
        _ connection: SQLiteConnection,
        _ migrations: [Migration]
    ) throws(DatabaseError) -> MigrationOutcome {
        let applied = try SchemaHistory.read(connection) ?? []
        switch try PendingMigrations(of: migrations, after: applied, dialect: .sqlite) {
        case .none(let outcome):
            return outcome
        case .some(let pending):
            try connection.execute(SchemaHistory.table)
            for migration in pending {
                try connection.execute(migration.text(for: .sqlite))
                guard connection.isInTransaction else { throw migration.endsTransaction }
                try SchemaHistory.record(migration, on: connection)
            }
            try requireSoundReferences(connection)
            return .applied(pending.map { "\($0.number) \($0.name)" })
        }
    }

    private func requireSoundReferences(_ connection: SQLiteConnection) throws(DatabaseError) {
        let broken = try connection.text("PRAGMA foreign_key_check")
        if let broken { throw .failed("a migration leaves rows of table \(broken) that refer to nothing") }
    }
}
