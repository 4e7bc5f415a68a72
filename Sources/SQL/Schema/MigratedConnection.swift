/// A connection on which migrations run, inside of its transaction.
protocol MigratedConnection: AnyObject {
    var dialect: Dialect { get }
    var isInTransaction: Bool { get }

    /// Runs statements that bind and return nothing.
    func execute(_ sql: String) throws(DatabaseError)

    /// The migrations on record, nil for a database that is still empty.
    func schemaHistory() throws(DatabaseError) -> [SchemaHistory.Entry]?

    /// Puts a migration on record.
    func record(_ migration: Migration) throws(DatabaseError)
}

extension MigratedConnection {
    /// Applies the migrations that are missing.
    /// - Throws: Also when one was edited after it was applied, or ends the transaction.
    func advance(_ migrations: [Migration]) throws(DatabaseError) -> MigrationOutcome {
        let applied = try schemaHistory() ?? []
        switch try PendingMigrations(of: migrations, after: applied, dialect: dialect) {
        case .none(let outcome):
            return outcome
        case .some(let pending):
            try execute(SchemaHistory.table(for: dialect))
            for migration in pending {
                try execute(migration.text(for: dialect))
                guard isInTransaction else { throw migration.endsTransaction }
                try record(migration)
            }
            return .applied(pending.map { "\($0.number) \($0.name)" })
        }
    }
}

extension SQLiteConnection: MigratedConnection {
    var dialect: Dialect { .sqlite }

    func schemaHistory() throws(DatabaseError) -> [SchemaHistory.Entry]? { try SchemaHistory.read(self) }

    func record(_ migration: Migration) throws(DatabaseError) { try SchemaHistory.record(migration, on: self) }
}

extension PostgreSQLConnection: MigratedConnection {
    var dialect: Dialect { .postgreSQL }

    func schemaHistory() throws(DatabaseError) -> [SchemaHistory.Entry]? { try SchemaHistory.read(self) }

    func record(_ migration: Migration) throws(DatabaseError) { try SchemaHistory.record(migration, on: self) }
}
