/// A move to a PostgreSQL database (``DatabaseMove``) that has begun and has not come to its end. Until then the database lacks
/// rows and all foreign keys, so nobody may serve or migrate it.
enum UnfinishedMove {
    /// Whether there is one, in SQL: the record of how far it is goes with its end.
    static let isThere = "to_regclass('move_progress') IS NOT NULL"

    /// Refuses a database to which one leads.
    static func refuse(_ connection: PostgreSQLConnection) throws(DatabaseError) {
        if try exists(on: connection) { throw error(at: connection.location) }
    }

    static func exists(on connection: PostgreSQLConnection) throws(DatabaseError) -> Bool {
        try connection.integer("SELECT \(isThere)") == 1
    }

    /// What to tell whoever wants to use the database.
    static func error(at location: PostgreSQLLocation) -> DatabaseError {
        .unprepared(
            "a move of an SQLite database to \(location) is not finished",
            remedy: "run the `move` command again, which goes on where it was"
        )
    }
}
