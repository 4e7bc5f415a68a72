import FoundationEssentials
public import SQL

/// A database that is deleted with the last reference to it.
public final class TemporaryDatabase: Sendable {
    /// What keeps it.
    public let store: Store

    /// The directory of an SQLite database; the database is in one below it.
    public let directory: String

    /// The database.
    public let url: DatabaseURL

    /// Where the file of an SQLite database is.
    public let path: String

    /// What the database is to go through.
    public let migrations: [Migration]

    private let name: String?

    /// Migrated, unless the test begins before that.
    public init(_ migrations: [Migration], on store: Store = .sqlite, migrated: Bool = true) throws {
        self.store = store
        self.migrations = migrations
        switch store {
        case .sqlite:
            directory = FileManager.default.temporaryDirectory.path + "/panal-\(UUID().uuidString)"
            path = "\(directory)/data/test.sqlite"
            url = try DatabaseURL("sqlite:\(path)")
            name = nil
        case .postgreSQL, .pooledPostgreSQL:
            let server = try PostgreSQLServer.running()
            let name = try server.makeDatabase()
            (directory, path) = ("", "")
            url = store == .postgreSQL ? server.url(of: name) : try PgBouncer.running().url(of: name)
            self.name = name
        }
        if migrated { _ = try migrate() }
    }

    deinit {
        if let name {
            try? PostgreSQLServer.running().drop(name)
        } else {
            try? FileManager.default.removeItem(atPath: directory)
        }
    }

    /// Brings it to the schema of these migrations, or of its own.
    @discardableResult
    public func migrate(_ others: [Migration]? = nil) throws(DatabaseError) -> MigrationOutcome {
        try Migrator(url, migrations: others ?? migrations).migrate()
    }

    /// Opens a connection of the calling thread's own.
    public func open(longestWait: Duration = .seconds(30)) throws(DatabaseError) -> Database {
        let database = Database(url, migrations: migrations, longestWait: longestWait)
        try database.open()
        return database
    }
}
