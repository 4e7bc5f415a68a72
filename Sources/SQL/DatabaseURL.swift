/// Which database, as an operator writes it: `sqlite:` and the path of a file, or a `postgres://` URL of libpq.
///
/// ```swift
/// let database = Database(try DatabaseURL("sqlite:data/service.sqlite"), migrations: Migrations.all)
/// ```
public struct DatabaseURL: Hashable, Sendable {
    /// The kinds of database there are drivers for.
    public enum Location: Hashable, Sendable {
        /// A file on a local disk of this host.
        case sqlite(SQLiteLocation)
        /// A database of a PostgreSQL server.
        case postgreSQL(PostgreSQLLocation)
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
            location = .postgreSQL(try PostgreSQLLocation(url: url))
        default:
            // Without the URL itself: it may hold a password.
            throw InvalidDatabaseURL("has the scheme \(scheme.prefix(20)), for which there is no driver")
        }
    }

    /// The database in this file.
    public init(_ location: SQLiteLocation) {
        self.location = .sqlite(location)
    }

    /// Which texts of a migration that differ between databases are for this one.
    var dialect: Dialect {
        switch location {
        case .sqlite: .sqlite
        case .postgreSQL: .postgreSQL
        }
    }
}

extension DatabaseURL: CustomStringConvertible {
    /// The URL; passwords are left out.
    public var description: String {
        switch location {
        case .sqlite(let location): location.description
        case .postgreSQL(let location): location.description
        }
    }
}

extension DatabaseURL {
    /// What may be shown of a text that was meant to be a URL, sound or not: without what stands where passwords do.
    public static func redacted(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        var rest = url[scheme.upperBound...]
        var shown = String(url[..<scheme.upperBound])
        // Up to the last @: a password may hold one that should have been written as %40.
        if let at = rest.lastIndex(of: "@"), let colon = rest[..<at].firstIndex(of: ":") {
            shown += rest[...colon] + mask
            rest = rest[at...]
        }
        guard let mark = rest.firstIndex(of: "?") else { return shown + rest }
        let parameters = rest[rest.index(after: mark)...].split(separator: "&", omittingEmptySubsequences: false)
        let shownParameters = parameters.map { parameter in
            let name = parameter.prefix { $0 != "=" }
            return name.lowercased().contains("password") ? name + "=" + mask : String(parameter)
        }
        return shown + rest[...mark] + shownParameters.joined(separator: "&")
    }

    private static let mask = "<redacted>"
}

/// A URL that names no database that the processes of this service could share.
public struct InvalidDatabaseURL: Error, Hashable, CustomStringConvertible {
    /// What is wrong, and how to write it.
    public let description: String

    init(_ fault: String) {
        description =
            "the database URL \(fault); write sqlite: and the path of a file, such as sqlite:data/service.sqlite"
    }

    init(_ fault: String, write example: String) {
        description = "the database URL \(fault); it looks like \(example)"
    }
}
