/// What a driver does to migrate a database.
protocol MigrationTarget {
    /// Applies what is missing in one transaction, and undoes it when it is not to be kept.
    func migrate(_ migrations: [Migration], keeping: Bool) throws(DatabaseError) -> MigrationOutcome

    /// The migrations on record, nil for a database that is still empty.
    func applied() throws(DatabaseError) -> [SchemaHistory.Entry]?
}

/// What remains to be done.
enum PendingMigrations {
    /// These.
    case some([Migration])
    /// None.
    case none(MigrationOutcome)

    /// Compares what is on record with what this release has.
    /// - Throws: When a migration was edited after it was applied.
    init(
        of migrations: [Migration],
        after applied: [SchemaHistory.Entry],
        dialect: Dialect
    ) throws(DatabaseError) {
        try SchemaHistory.requireUnchanged(applied, migrations, for: dialect)
        let newest = applied.last?.number ?? 0
        let known = migrations.last?.number ?? 0
        let pending = migrations.filter { $0.number > newest }
        if newest > known {
            self = .none(.newer(schema: newest, known: known))
        } else if pending.isEmpty {
            self = .none(.current(schema: newest))
        } else {
            self = .some(pending)
        }
    }
}

extension Migration {
    /// What to throw when it ended the transaction it runs in.
    var endsTransaction: DatabaseError {
        .failed("migration \(number) ends the transaction; take COMMIT and ROLLBACK out of it")
    }
}
