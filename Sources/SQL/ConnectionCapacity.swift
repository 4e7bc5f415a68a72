/// How many connections a database's server has for this service.
public struct ConnectionCapacity: Hashable, Sendable {
    /// The most that the server lets this user have in this database; `nil` when nothing is known to limit them.
    ///
    /// It is the smallest of the server's `max_connections`, without those it reserves for administrators, and of the limits
    /// of the role and of the database. Those that other programs use are not taken off.
    public let limit: Int?

    /// Whether a pooler such as PgBouncer stands in between: how many it accepts is its own affair, and it shares the
    /// server's among them.
    public let isPooled: Bool

    /// A known capacity.
    public init(limit: Int?, isPooled: Bool) {
        self.limit = limit
        self.isPooled = isPooled
    }
}

extension Database {
    /// Asks the server how many connections it has for this service; `nil` for a database that has no server.
    public func connectionCapacity() throws(DatabaseError) -> ConnectionCapacity? {
        guard case .postgreSQL(let connection) = try openConnection() else { return nil }
        let limit = try connection.integer(
            """
            SELECT least(
                CAST(current_setting('max_connections', true) AS INTEGER)
                    - coalesce(CAST(current_setting('superuser_reserved_connections', true) AS INTEGER), 0)
                    - coalesce(CAST(current_setting('reserved_connections', true) AS INTEGER), 0),
                (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = session_user),
                (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()))
            """
        )
        return ConnectionCapacity(limit: limit.map { Int($0) }, isPooled: connection.isPooled)
    }
}
