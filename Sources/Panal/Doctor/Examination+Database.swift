import Linux
import Prefork
import SQL

extension Examination {
    /// What concerns the database; nothing for a service without one.
    var database: [Finding] {
        guard let database = surroundings.database, let settings = settings.database else { return [] }
        return [
            readiness(database.readiness), database.place.map(place), database.place.map(room),
            library(database, settings),
            connections(database, settings), clocks(database),
        ].compactMap(\.self)
    }

    private func readiness(_ readiness: DatabaseReadiness) -> Finding {
        switch readiness {
        case .ready: .fine("database", "is there, at this program's schema, and can be written")
        case .readable(let obstacle):
            .fault("database", obstacle.description, because: "writes fail until then", obstacle.remedy)
        case .unready(let error):
            .fault("database", error.description, because: "the service answers 503 until then", error.remedy)
        }
    }

    /// Kinds of file systems whose files are gone with the container or with the next start of the host.
    private static var fleetingKinds: Set<String> { ["overlay", "tmpfs", "ramfs", "aufs"] }

    private func place(_ place: Surroundings.Place) -> Finding {
        let kind = place.fileSystem.kind.isEmpty ? "an unknown file system" : place.fileSystem.kind
        let saw = "the database lies on \(kind) (\(place.directory))"
        let isFleeting = Self.fleetingKinds.contains(place.fileSystem.kind)
        guard isFleeting || surroundings.platform.hasFleetingDisk else { return .fine("disk", saw) }
        return .advice(
            "disk",
            isFleeting ? saw : saw + "; \(surroundings.platform.name) empties its disks",
            because: "what lies there is gone with the container, or when the service starts anew",
            "mount a volume there, or use PostgreSQL (DATABASE_URL)"
        )
    }

    /// Less is soon filled by a log that could not be checkpointed.
    private static var leastRoom: Int { 256 << 20 }

    private func room(_ place: Surroundings.Place) -> Finding {
        func megabytes(_ bytes: Int) -> String { "\(bytes >> 20) MB" }
        let free = place.fileSystem.freeBytes
        let saw = "\(megabytes(free)) are free, the database has \(megabytes(place.databaseBytes))"
        guard free < max(Self.leastRoom, place.databaseBytes) else { return .fine("space", saw) }
        return .advice(
            "space",
            saw,
            because: "backup and VACUUM need as much again, and on a full disk writes are refused",
            "make room, or give the database a larger disk"
        )
    }

    private func library(_ database: Surroundings.DatabaseFindings, _ settings: DatabaseSettings) -> Finding? {
        guard let library = database.library else { return nil }
        let name = "SQLite library \(library.version)"
        guard library.hasLogResetBug else { return .fine("library", name) }
        let saw = "\(name) has the WAL-reset bug (corrected in 3.51.3, 3.50.7 and 3.44.6)"
        switch settings.checkpoints {
        case .auto:
            return .fine("library", saw + "; the service checkpoints under the write lock, where it does no harm")
        case .external:
            return .advice(
                "library",
                saw + ", and CHECKPOINTS is external",
                because: "two checkpoints and a commit at once can lose what was committed",
                "let only one process checkpoint, under the write lock; or use a corrected library; or set CHECKPOINTS to auto"
            )
        }
    }

    private func connections(_ database: Surroundings.DatabaseFindings, _ settings: DatabaseSettings) -> Finding? {
        guard let capacity = database.capacity else { return nil }
        if case .unknown(let reason) = capacity {
            return .advice(
                "connections",
                "nobody knows how many the server grants: \(reason)",
                because: "with too many threads some requests find no connection",
                "set DATABASE_CONNECTIONS"
            )
        }
        guard let limit = capacity.limit else {
            return .fine("connections", "the server has no limit of its own, or a pooler shares it out")
        }
        do throws(ConnectionBudget.Exceeded) {
            let budget = try ConnectionBudget(
                limit: limit,
                workers: server.workers,
                usableWorkers: surroundings.processors.workers,
                threads: server.threads
            )
            return connections(of: budget, limit, capacity)
        } catch {
            return .fault(
                "connections",
                "\(error.workers) workers, and one more during a roll, need \(error.needed), and there are \(error.limit)",
                because: "the service does not start with less than it was told to use",
                "lower WEB_CONCURRENCY or WEB_THREADS (auto fits), raise the server's max_connections, "
                    + "or put a pooler such as PgBouncer before it"
            )
        }
    }

    private func connections(of budget: ConnectionBudget, _ limit: Int, _ capacity: DatabaseSettings.Capacity)
        -> Finding
    {
        let instances = expectations.instances
        // What is set for this instance is its own.
        if case .set = capacity {
            return .fine("connections", "at most \(budget.needed) of \(limit) that are this instance's")
        }
        let all = budget.needed * instances
        let one = "an instance has at most \(budget.needed)"
        let saw =
            instances == 1
            ? "\(one), the server grants \(limit)" : "\(one), \(instances) have \(all), the server grants \(limit)"
        guard all > limit else {
            let enough = limit / max(1, budget.needed)
            return .fine("connections", saw + ": enough for \(enough == 1 ? "one instance" : "\(enough) instances")")
        }
        return .advice(
            "connections",
            saw,
            because: "each instance takes what it finds, and the last ones find too few",
            "set DATABASE_CONNECTIONS to \(limit / instances) or less for each, or put a pooler such as PgBouncer before the server"
        )
    }

    private func clocks(_ database: Surroundings.DatabaseFindings) -> Finding? {
        guard let offset = database.clockOffset else { return nil }
        let saw = "the database server's is \(seconds(offset)) away from this host's"
        guard offset.nanoseconds.magnitude >= 1_000_000_000 else { return .fine("clocks", saw) }
        return .advice(
            "clocks",
            saw,
            because: "rules such as \"not in the past\" go by this host's clock, leases of jobs by the server's",
            "synchronize both"
        )
    }
}

extension DatabaseError {
    /// What brings the database back, in general; the description has the details.
    fileprivate var remedy: String {
        switch self {
        case .unprepared(_, let remedy), .unavailable(_, let remedy): remedy
        case .full: "make room where the database lies"
        case .readOnly: "give the file and its directory to this user"
        case .corrupted: "restore a backup (the command `restore`)"
        case .busy: "look who holds the database, and try again"
        case .unknownOutcome, .violated, .failed: "look at the reason; the service tries again by itself"
        }
    }
}
