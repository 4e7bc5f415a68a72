import CSQLite
import TestDatabases

@testable import SQL

extension TemporaryDatabase {
    /// The schema of these tests: notes with a number and a text, and the table of idempotency keys.
    static let notes = [
        Migration(
            number: 1,
            name: "create_notes",
            sql:
                "CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY, text TEXT NOT NULL CHECK (text <> ''), author TEXT) STRICT"
        ),
        Migration(
            number: 2,
            name: "create_idempotency",
            sql: """
                CREATE TABLE idempotency (
                    key TEXT NOT NULL, scope TEXT NOT NULL, fingerprint TEXT NOT NULL, answer TEXT NOT NULL,
                    expires_at INTEGER NOT NULL, PRIMARY KEY (key, scope)
                ) STRICT;
                CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
                """
        ),
    ]

    /// A database of notes.
    convenience init(migrated: Bool = true) throws {
        try self.init(Self.notes, migrated: migrated)
    }

    var location: SQLiteLocation {
        switch url.location {
        case .sqlite(let location): location
        }
    }

    /// A connection below the database, to do what others may do to the file.
    func connect(_ purpose: SQLiteConnection.Purpose = .serving) throws(DatabaseError) -> SQLiteConnection {
        try SQLiteConnection.open(location, for: purpose, busyTimeout: BusyTimeout(longestWait: .zero))
    }

    /// A connection to a database in another file, which is made where there is none.
    func connect(to path: String) throws -> SQLiteConnection {
        let location = try SQLiteLocation(path: path)
        return try SQLiteConnection.open(location, for: .migrating, busyTimeout: BusyTimeout(longestWait: .zero))
    }

    /// The first column of the first row.
    func text(_ sql: String) throws(DatabaseError) -> String? {
        try connect().text(sql)
    }

    /// What SQLite finds wrong with the file; `ok` for nothing.
    func integrity() throws(DatabaseError) -> String? {
        try text("PRAGMA integrity_check")
    }
}

extension Database {
    /// The texts of all notes, in the order of their numbers.
    func notes() throws -> [String] {
        try all("SELECT text FROM note ORDER BY id") { row in try row["text"] }
    }

    /// Adds notes, in one transaction.
    func add(_ notes: String...) throws {
        try write {
            for note in notes { try run("INSERT INTO note (text) VALUES (:text)", ["text": note]) }
        }
    }
}

/// Lets a rollback fail on this connection.
func refuseRollback(on connection: SQLiteConnection) {
    sqlite3_set_authorizer(
        connection.handle,
        { _, action, operation, _, _, _ in
            let isRollback = action == SQLITE_TRANSACTION && operation.map { String(cString: $0) } == "ROLLBACK"
            return isRollback ? SQLITE_DENY : SQLITE_OK
        },
        nil
    )
}
