import SQL
import Values

/// The time by which leases end, the same for all who share a database: of SQLite its host's, of PostgreSQL the server's.
struct JobClock {
    private let database: Database
    private let hostTime: () -> Timestamp

    init(_ database: Database, hostTime: @escaping () -> Timestamp) {
        self.database = database
        self.hostTime = hostTime
    }

    /// Asks the server each time: a host's clock that goes on from an earlier answer stands still while the host sleeps, and
    /// leases would be written that are over.
    func now() throws -> Timestamp {
        guard let microseconds = try database.serverMicroseconds() else { return hostTime() }
        return Timestamp(microsecondsSinceEpoch: microseconds)
    }
}
