import FoundationEssentials
public import SQL

/// A directory that is deleted with the last reference to it, and where a database lies or will lie.
public final class TemporaryDatabase: Sendable {
    /// The directory; the database is in one below it.
    public let directory: String

    /// The database.
    public let url: DatabaseURL

    /// Where the database's file is.
    public let path: String

    /// What the database is to go through.
    public let migrations: [Migration]

    /// Migrated, unless the test begins before that.
    public init(_ migrations: [Migration], migrated: Bool = true) throws {
        directory = FileManager.default.temporaryDirectory.path + "/panal-\(UUID().uuidString)"
        path = "\(directory)/data/test.sqlite"
        url = try DatabaseURL("sqlite:\(path)")
        self.migrations = migrations
        if migrated { _ = try migrate() }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
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
