/// Which database, as an operator writes it: `sqlite:` and the path of a file.
///
/// ```swift
/// let database = Database(try DatabaseURL("sqlite:data/service.sqlite"), migrations: Migrations.all)
/// ```
public struct DatabaseURL: Hashable, Sendable {
    /// The kinds of database there are drivers for. The next one begins as a case here.
    public enum Location: Hashable, Sendable {
        /// A file on a local disk of this host.
        case sqlite(SQLiteLocation)
    }

    /// Where the database is, by its driver.
    public let location: Location

    /// Reads a URL; the scheme before the first colon decides which driver serves it.
    /// - Throws: What is wrong with the URL and how to write it.
    public init(_ url: String) throws(InvalidDatabaseURL) {
        let scheme = url.prefix { $0 != ":" }
        guard scheme.count < url.count else { throw InvalidDatabaseURL("names no scheme") }
        switch scheme {
        case "sqlite":
            location = .sqlite(try SQLiteLocation(path: String(url.dropFirst(scheme.count + 1))))
        case "postgres", "postgresql":
            throw InvalidDatabaseURL("asks for PostgreSQL, for which this release has no driver")
        default:
            // Without the URL itself: it may hold a password.
            throw InvalidDatabaseURL("has the scheme \(scheme.prefix(20)), for which there is no driver")
        }
    }

    /// The database in this file.
    public init(_ location: SQLiteLocation) {
        self.location = .sqlite(location)
    }
}

extension DatabaseURL: CustomStringConvertible {
    /// The URL.
    public var description: String {
        switch location {
        case .sqlite(let location): location.description
        }
    }
}

/// A URL that names no database that the processes of this service could share.
public struct InvalidDatabaseURL: Error, Hashable, CustomStringConvertible {
    /// What is wrong, and how to write it.
    public let description: String

    init(_ fault: String) {
        description =
            "the database URL \(fault); write sqlite: and the path of a file, such as sqlite:data/service.sqlite"
    }
}
