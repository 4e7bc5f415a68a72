import Linux

/// Migrates a database of a server.
struct PostgreSQLMigration: MigrationTarget {
    let location: PostgreSQLLocation
    let limits: BusyTimeout

    /// The key of the advisory lock that migrations take, whoever runs them: "Panal" in ASCII.
    private static let lock = 0x50_61_6E_61_6C

    func migrate(_ migrations: [Migration], keeping: Bool) throws(DatabaseError) -> MigrationOutcome {
        let connection = try PostgreSQLConnector.open(location, limits)
        // Each statement sees what was committed when it began: what the one before us did, once the lock is ours. The lock
        // ends with the transaction, which all of the run is; a pooler can hand it to no other session.
        connection.begin([
            "BEGIN ISOLATION LEVEL READ COMMITTED",
            "SET LOCAL lock_timeout = \(max(1, limits.longestWait.milliseconds))",
        ])
        do throws(DatabaseError) {
            try connection.execute("SELECT pg_advisory_xact_lock(\(Self.lock))")
            let outcome = try advance(connection, migrations)
            if keeping { try connection.commit() } else { connection.endTransaction() }
            return outcome
        } catch {
            connection.endTransaction()
            throw error
        }
    }

    func applied() throws(DatabaseError) -> [SchemaHistory.Entry]? {
        try SchemaHistory.read(PostgreSQLConnector.open(location, limits))
    }

    private func advance(
        _ connection: PostgreSQLConnection,
        _ migrations: [Migration]
    ) throws(DatabaseError) -> MigrationOutcome {
        let applied = try SchemaHistory.read(connection) ?? []
        switch try PendingMigrations(of: migrations, after: applied, dialect: .postgreSQL) {
        case .none(let outcome):
            return outcome
        case .some(let pending):
            try connection.execute(SchemaHistory.tableOnPostgreSQL)
            for migration in pending {
                try connection.execute(migration.text(for: .postgreSQL))
                guard connection.isInTransaction else { throw migration.endsTransaction }
                try SchemaHistory.record(migration, on: connection)
            }
            return .applied(pending.map { "\($0.number) \($0.name)" })
        }
    }
}
