extension DatabaseURL {
    /// The file that is copied by ``SQLiteBackup`` and ``SQLiteRestore``.
    /// - Throws: For the database of a server, whose own tools do that.
    public var file: SQLiteLocation {
        get throws(BackupError) {
            if case .sqlite(let location) = location { return location }
            throw BackupError(
                "only an SQLite database is a file to copy: back up a PostgreSQL database with "
                    + "pg_dump --format=custom, and restore it with pg_restore"
            )
        }
    }
}
