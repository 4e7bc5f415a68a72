/// An open connection of either driver.
enum Connection {
    case sqlite(SQLiteConnection)
    case postgreSQL(PostgreSQLConnection)

    /// Lets the reads from now on see one state of the database.
    func beginSnapshot() throws(DatabaseError) {
        switch self {
        case .sqlite(let connection): try connection.beginSnapshot()
        case .postgreSQL(let connection): connection.beginSnapshot()
        }
    }

    /// Begins a transaction that may write.
    func beginWriting(_ isolation: Isolation) throws(DatabaseError) {
        switch self {
        case .sqlite(let connection): try connection.beginWriting()
        case .postgreSQL(let connection): connection.beginWriting(isolation)
        }
    }

    /// Keeps what was written.
    func commit() throws(DatabaseError) {
        switch self {
        case .sqlite(let connection): try connection.commit()
        case .postgreSQL(let connection): try connection.commit()
        }
    }

    /// Undoes what was not committed. Where that fails `isInTransaction` stays true.
    func endTransaction() {
        switch self {
        case .sqlite(let connection): connection.endTransaction()
        case .postgreSQL(let connection): connection.endTransaction()
        }
    }

    /// Whether a transaction is open.
    var isInTransaction: Bool {
        switch self {
        case .sqlite(let connection): connection.isInTransaction
        case .postgreSQL(let connection): connection.isInTransaction
        }
    }

    /// Whether the file was replaced: what is written to it then is lost.
    var hasMoved: Bool {
        switch self {
        case .sqlite(let connection): connection.hasMoved
        case .postgreSQL: false
        }
    }

    /// Whether a reference leads nowhere that is judged with the commit.
    var breaksDeferredReference: Bool {
        switch self {
        case .sqlite(let connection): connection.breaksDeferredReference
        case .postgreSQL: false
        }
    }

    /// Begins a part of the transaction that can fail alone.
    func beginSavepoint() throws(DatabaseError) {
        switch self {
        case .sqlite(let connection): try connection.beginSavepoint()
        case .postgreSQL(let connection): try connection.beginSavepoint()
        }
    }

    /// Keeps what was done since the savepoint.
    func releaseSavepoint() throws(DatabaseError) {
        switch self {
        case .sqlite(let connection): try connection.releaseSavepoint()
        case .postgreSQL(let connection): try connection.releaseSavepoint()
        }
    }

    /// Undoes what was done since the savepoint.
    func rollBackToSavepoint() throws(DatabaseError) {
        switch self {
        case .sqlite(let connection): try connection.rollBackToSavepoint()
        case .postgreSQL(let connection): try connection.rollBackToSavepoint()
        }
    }

    /// Whether a snapshot is worth being shared by the reads of a batch.
    var sharesSnapshots: Bool {
        switch self {
        case .sqlite: true
        case .postgreSQL: false
        }
    }

    /// Whether the transaction that failed may simply be run again.
    var mayRepeat: Bool {
        switch self {
        case .sqlite: false
        case .postgreSQL(let connection): connection.mayRepeat
        }
    }

    /// Whether it can be used on after an error; nil for an error of somebody else.
    func survives(_ error: DatabaseError?) -> Bool {
        switch (self, error) {
        case (_, nil), (_, .busy), (_, .full), (_, .violated): true
        // Whatever broke may be repaired by now: the next call opens the database anew.
        case (.sqlite, _): false
        // A server that has become a standby stays one; the URL may name others.
        case (.postgreSQL, .readOnly), (.postgreSQL, .unprepared): false
        case (.postgreSQL(let connection), _): !connection.isBroken
        }
    }
}
