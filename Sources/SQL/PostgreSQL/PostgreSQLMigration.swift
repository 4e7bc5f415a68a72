import Linux

/// Migrates a database of a server.
struct PostgreSQLMigration: MigrationTarget {
    let location: PostgreSQLLocation
    let limits: BusyTimeout

    func migrate(_ migrations: [Migration], keeping: Bool) throws(DatabaseError) -> MigrationOutcome {
        let connection = try PostgreSQLConnector.open(location, limits)
        do throws(DatabaseError) {
            try connection.beginMigrating()
            try UnfinishedMove.refuse(connection)
            let outcome = try connection.advance(migrations)
            if keeping { try connection.commit() } else { connection.endTransaction() }
            return outcome
        } catch {
            connection.endTransaction()
            throw error
        }
    }

    func applied() throws(DatabaseError) -> [SchemaHistory.Entry]? {
        let connection = try PostgreSQLConnector.open(location, limits)
        try UnfinishedMove.refuse(connection)
        return try SchemaHistory.read(connection)
    }
}

extension PostgreSQLConnection {
    /// The key of the advisory lock that migrations take, whoever runs them: "Panal" in ASCII.
    private static let lock = 0x50_61_6E_61_6C

    /// Begins a transaction in which nobody else migrates.
    func beginMigrating() throws(DatabaseError) {
        // Each statement sees what was committed when it began: what the one before us did, once the lock is ours. The lock
        // ends with the transaction, which all of the run is; a pooler can hand it to no other session.
        begin([
            "BEGIN ISOLATION LEVEL READ COMMITTED",
            "SET LOCAL lock_timeout = \(max(1, limits.longestWait.milliseconds))",
        ])
        try execute("SELECT pg_advisory_xact_lock(\(Self.lock))")
    }
}
