import Glibc

/// Migrates a database in a file.
struct SQLiteMigration: MigrationTarget {
    let location: SQLiteLocation
    let limits: BusyTimeout
    let networkFilesystem: NetworkFilesystem.Policy

    func migrate(_ migrations: [Migration], keeping: Bool) throws(DatabaseError) -> MigrationOutcome {
        if !keeping, unsafe access(location.path, F_OK) != 0 { return try rehearseAside(migrations) }
        try Directory.create(location.directory)
        if networkFilesystem == .refused { try NetworkFilesystem.refuse(location) }
        let connection = try SQLiteConnection.open(location, for: .migrating, busyTimeout: limits)
        // Before anything of it is changed: is it ours?
        _ = try SchemaHistory.read(connection)
        try connection.useWriteAheadLog()
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

    /// Where there is no database yet, one that is thrown away takes its place.
    private func rehearseAside(_ migrations: [Migration]) throws(DatabaseError) -> MigrationOutcome {
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var name = Array("\(parent)/panal-rehearsal-XXXXXX".utf8CString)
        // A directory that nobody else may enter.
        guard unsafe mkdtemp(&name) != nil else {
            throw .unavailable(
                reason: "\(parent) takes no directory: \(unsafe String(cString: strerror(errno)))",
                remedy: "name another in TMPDIR"
            )
        }
        let directory = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        let path = directory + "/rehearsal.sqlite"
        defer {
            for end in ["", "-wal", "-shm"] { unsafe unlink(path + end) }
            unsafe rmdir(directory)
        }
        guard let location = try? SQLiteLocation(path: path) else {
            throw .unavailable(reason: "\(parent) is no plain path", remedy: "name another in TMPDIR")
        }
        return try SQLiteMigration(location: location, limits: limits, networkFilesystem: networkFilesystem)
            .migrate(migrations, keeping: true)
    }

    func applied() throws(DatabaseError) -> [SchemaHistory.Entry]? {
        try SchemaHistory.read(SQLiteConnection.open(location, for: .serving, busyTimeout: limits))
    }

    private func requireSoundReferences(_ connection: SQLiteConnection) throws(DatabaseError) {
        let broken = try connection.text("PRAGMA foreign_key_check")
        if let broken { throw .failed("a migration leaves rows of table \(broken) that refer to nothing") }
    }
}
