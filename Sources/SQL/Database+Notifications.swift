/// Notifications from one connection to those that listen, through PostgreSQL (PostgreSQL, "NOTIFY").
extension Database {
    /// How a connection learns of notifications.
    package enum Listening: Hashable, Sendable {
        /// By a descriptor: something can be read from it when there may be one.
        case descriptor(CInt)
        /// Not at all: on SQLite, and behind a pooler.
        case unsupported
    }

    /// Listens to a channel from now on. To be called again and again: after a loss of the connection it is another one that
    /// listens, and what was notified meanwhile nobody has heard.
    package func listen(to channel: String) throws(DatabaseError) -> Listening {
        guard case .postgreSQL(let connection) = try openConnection() else { return .unsupported }
        do throws(DatabaseError) {
            return try connection.listen(to: channel) ? .descriptor(connection.socket) : .unsupported
        } catch {
            recover(from: error)
            throw error
        }
    }

    /// Whether notifications have come since this was last asked, or the connection has ended.
    package func takeNotifications() -> Bool {
        guard case .postgreSQL(let connection) = connection else { return connection == nil }
        return connection.takeNotifications() || connection.isBroken
    }

    /// Notifies all who listen to a channel, when the write of now is committed.
    package func notify(_ channel: String) throws {
        guard isOnPostgreSQL else { return }
        try enqueue("NOTIFY \(channel)", [:])
    }

    /// The server's clock, which is one and the same for all hosts, in microseconds since 1970; `nil` on SQLite, whose
    /// processes share their host's.
    package func serverMicroseconds() throws -> Int64? {
        guard isOnPostgreSQL else { return nil }
        return try first("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)") { row in
            row.integer(0)
        }
    }
}
