public import Linux

/// Sees what the calls of one database take: for metrics and traces. It belongs to the database's thread.
public protocol DatabaseObserver: AnyObject {
    /// Whether it wants to know now. When it does not, nothing is measured.
    var isWatching: Bool { get }

    /// A statement, or the beginning or end of a transaction, was run. What is sent together with something else to a server
    /// (``Database/enqueue(_:_:)``) is a part of that.
    /// - Parameters:
    ///   - operation: what.
    ///   - start: when it began.
    ///   - end: when it was over, its rows read.
    ///   - error: what it failed with.
    func ended(
        _ operation: DatabaseOperation,
        from start: MonotonicInstant,
        to end: MonotonicInstant,
        error: DatabaseError?
    )

    /// It has waited a moment for a lock that others have, or is about to run a transaction again that met with another's.
    func retried()

    /// Something was kept.
    /// - Parameter writes: how many writes had this one commit.
    func committed(writes: Int)
}

/// A kind of thing that a database does. There is one for each statement that a connection keeps.
public final class DatabaseOperation {
    /// The first word of the statement, in upper case: `SELECT`, `INSERT`, `COMMIT`.
    public let name: String
    /// The first table that it names; `nil` when it names none.
    public let table: String?
    /// What keeps the data.
    public let dialect: Dialect
    /// What the observer keeps with it.
    public var note: AnyObject?

    init(_ name: String, table: String? = nil, _ dialect: Dialect) {
        self.name = name
        self.table = table
        self.dialect = dialect
    }

    /// What a statement does, as far as its words before the first literal say it: no value can get out by it.
    convenience init(_ sql: String, _ dialect: Dialect) {
        let words = sql.prefix { $0 != "'" }.split(maxSplits: 400) {
            !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".")
        }
        let name = words.first?.uppercased() ?? ""
        let openers: Set = ["FROM", "INTO", "UPDATE", "TABLE"]
        // Behind FROM there may be a query, which names a table itself.
        let table = zip(words, words.dropFirst()).first { opener, word in
            openers.contains(opener.uppercased()) && !["SELECT", "OR", "ONLY"].contains(word.uppercased())
        }
        self.init(String(name.prefix(32)), table: table.map { String($0.1.prefix(64)) }, dialect)
    }
}
