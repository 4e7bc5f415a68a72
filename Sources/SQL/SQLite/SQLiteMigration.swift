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
            let outcome = try connection.advance(migrations)
            if case .applied = outcome { try requireSoundReferences(connection) }
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

    private func requireSoundReferences(_ connection: SQLiteConnection) throws(DatabaseError) {
        let broken = try connection.text("PRAGMA foreign_key_check")
        if let broken { throw .failed("a migration leaves rows of table \(broken) that refer to nothing") }
    }
}
