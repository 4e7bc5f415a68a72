/// Where an SQLite database lies: a file, written as a URL such as `sqlite:data/stays.sqlite` or `sqlite:/srv/stays.sqlite`.
public struct SQLiteLocation: Hashable, Sendable {
    /// The file's path, as it was written: relative ones start at the working directory.
    public let path: String

    /// Reads `sqlite:` and a path.
    /// - Throws: What is wrong with the URL and how to write it.
    public init(_ url: String) throws(InvalidSQLiteLocation) {
        let scheme = "sqlite:"
        guard url.hasPrefix(scheme) else { throw InvalidSQLiteLocation("does not begin with \(scheme)") }
        let path = String(url.dropFirst(scheme.count))
        guard !path.isEmpty, !path.hasSuffix("/") else { throw InvalidSQLiteLocation("names no file") }
        // Each worker would have a database of its own, empty again after its exit.
        guard !path.contains(":memory:") else {
            throw InvalidSQLiteLocation("names a database in memory, which worker processes cannot share")
        }
        guard !path.hasPrefix("//"), !path.hasPrefix("file:"), !path.contains(where: { "?#\0".contains($0) }) else {
            throw InvalidSQLiteLocation("is not a plain path: neither //, file:, parameters nor NUL may stand in it")
        }
        self.path = path
    }

    /// The directory that holds the file, and its write-ahead log beside it.
    public var directory: String { Self.parent(of: path) }

    /// What stands before the last slash: `.` for a mere name, `/` for what lies in the root.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}

extension SQLiteLocation: CustomStringConvertible {
    /// The URL.
    public var description: String { "sqlite:" + path }
}

/// A URL that names no SQLite database that worker processes could share.
public struct InvalidSQLiteLocation: Error, Hashable, CustomStringConvertible {
    /// What is wrong, and how to write it.
    public let description: String

    init(_ fault: String) {
        description =
            "the database URL \(fault); write sqlite: and the path of a file, such as sqlite:data/stays.sqlite"
    }
}
