import Linux
import SQL
import Values

/// The time by which leases end, the same for all who share a database: of SQLite its host's, of PostgreSQL the server's.
final class JobClock {
    private let database: Database
    private let hostTime: () -> Timestamp
    /// What the server's clock said, and when.
    private var reading: (time: Timestamp, at: MonotonicInstant)?

    /// For so long the host's clock goes on from where the server's was: both run, and a server's may be set.
    private static let lifetime = Duration.seconds(30)

    init(_ database: Database, hostTime: @escaping () -> Timestamp) {
        self.database = database
        self.hostTime = hostTime
    }

    func now() throws -> Timestamp {
        guard database.isOnPostgreSQL else { return hostTime() }
        let instant = MonotonicInstant.now
        if let reading, instant - reading.at < Self.lifetime { return reading.time.adding(instant - reading.at) }
        guard let microseconds = try database.serverMicroseconds() else { return hostTime() }
        let time = Timestamp(microsecondsSinceEpoch: microseconds)
        // From before it was asked, so that no lease is thought to be over before it is.
        reading = (time, .now)
        return time
    }
}
