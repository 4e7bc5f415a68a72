/// Where an SQLite database lies: a file, written as a URL such as `sqlite:data/stays.sqlite` or `sqlite:/srv/stays.sqlite`.
public struct SQLiteLocation: Hashable, Sendable {
    /// The file's path, as it was written: relative ones start at the working directory.
    public let path: String

    /// The database in a file.
    /// - Throws: What is wrong with the path and how to write it.
    public init(path: String) throws(InvalidDatabaseURL) {
        guard !path.allSatisfy(\.isWhitespace), !path.hasSuffix("/") else {
            throw InvalidDatabaseURL("names no file")
        }
        // Each worker would have a database of its own, empty again after its exit.
        guard !path.contains(":memory:") else {
            throw InvalidDatabaseURL("names a database in memory, which worker processes cannot share")
        }
        guard !path.hasPrefix("//"), !path.hasPrefix("file:"), !path.contains(where: { "?#\0".contains($0) }) else {
            throw InvalidDatabaseURL("is not a plain path: neither //, file:, parameters nor NUL may stand in it")
        }
        self.path = path
    }

    private init(anywhere path: String) {
        self.path = path
    }

    /// A database of one connection alone, gone with it.
    static let inMemory = SQLiteLocation(anywhere: ":memory:")

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
