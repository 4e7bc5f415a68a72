public import SQL
public import Values

/// The jobs in a database, for an operator: counts, the dead and why, another try, an end.
public struct JobRegister {
    private let database: Database
    private let clock: () throws -> Timestamp

    /// The jobs in this database.
    /// - Parameters:
    ///   - database: That of the service.
    ///   - hostTime: The host's clock, by which leases end on SQLite; on PostgreSQL the server's does that.
    public init(_ database: Database, hostTime: @escaping () -> Timestamp) {
        let clock = JobClock(database, hostTime: hostTime)
        self.init(database, clock: { try clock.now() })
    }

    init(_ database: Database, clock: @escaping () throws -> Timestamp) {
        self.database = database
        self.clock = clock
    }

    /// How a job stands.
    public enum State: String, Sendable, CaseIterable {
        /// It is due, or will be.
        case waiting
        /// It has failed, and waits for another attempt.
        case retrying
        /// A worker has it.
        case running
        /// It was given up, and is kept with its error.
        case dead
    }

    /// How many jobs of a kind stand so.
    public struct Count: Sendable {
        /// The kind.
        public let kind: String
        /// How they stand.
        public let state: State
        /// How many they are.
        public let count: Int
        /// The earliest moment at which one of them is, or was, due; for those that run when their lease ends, for the dead when
        /// the first of them died.
        public let earliest: Timestamp
    }

    /// One job. What there is to do is not shown: it may hold what an operator's terminal is no place for.
    public struct Entry: Sendable {
        /// Its number.
        public let id: Int64
        /// Its kind.
        public let kind: String
        /// How it stands.
        public let state: State
        /// How often it was begun.
        public let attempts: Int
        /// When it was added.
        public let createdAt: Timestamp
        /// When it died, or is due.
        public let moment: Timestamp
        /// What the last attempt failed with.
        public let error: String?
    }

    /// A lease that is over is nobody's, also when no worker there is can run the job.
    private static let state = """
        CASE WHEN died_at IS NOT NULL THEN 'dead' WHEN lease IS NOT NULL AND due_at > :now THEN 'running'
            WHEN attempts > 0 THEN 'retrying' ELSE 'waiting' END
        """

    /// How many jobs there are, by kind and state.
    public func counts() throws -> [Count] {
        try database.all(
            """
            SELECT kind, \(Self.state) AS state, count(*) AS number, min(COALESCE(died_at, due_at)) AS earliest
            FROM job GROUP BY kind, 2 ORDER BY kind, 2
            """,
            ["now": try clock()]
        ) { row in
            Count(
                kind: try row["kind"],
                state: try row["state"],
                count: try row["number"],
                earliest: try row["earliest"]
            )
        }
    }

    /// How the jobs of a kind stand to the moment: what is late, what runs, what is left for later.
    public struct Backlog: Sendable {
        /// How they stand.
        public enum State: String, Sendable, CaseIterable {
            /// They are due, and no worker has them.
            case queued
            /// A worker has them.
            case running
            /// They are due later: planned so, or after an attempt that failed.
            case delayed
            /// They were given up, and are kept with their errors.
            case dead
        }

        /// The kind.
        public let kind: String
        /// How they stand.
        public let state: State
        /// How many they are.
        public let count: Int
        /// For how long the first of them has been due or dead; zero for others.
        public let age: Duration
    }

    /// How many jobs there are, by kind and how they stand to the moment.
    public func backlog() throws -> [Backlog] {
        let now = try clock()
        return try database.all(
            """
            SELECT kind, CASE WHEN died_at IS NOT NULL THEN 'dead' WHEN due_at <= :now THEN 'queued'
                WHEN lease IS NOT NULL THEN 'running' ELSE 'delayed' END AS state,
                count(*) AS number, min(COALESCE(died_at, due_at)) AS earliest
            FROM job GROUP BY kind, 2 ORDER BY kind, 2
            """,
            ["now": now]
        ) { row in
            let earliest: Timestamp = try row["earliest"]
            let microseconds = max(0, now.microsecondsSinceEpoch - earliest.microsecondsSinceEpoch)
            return Backlog(
                kind: try row["kind"],
                state: try row["state"],
                count: try row["number"],
                age: .microseconds(microseconds)
            )
        }
    }

    /// The jobs themselves, by number.
    /// - Parameters:
    ///   - kind: Of this kind alone.
    ///   - dead: Those that are dead alone.
    ///   - count: How many at most.
    public func entries(kind: String? = nil, dead: Bool = false, count: Int) throws -> [Entry] {
        try database.all(
            """
            SELECT id, kind, \(Self.state) AS state, attempts, created_at, COALESCE(died_at, due_at) AS moment, error FROM job
            WHERE (CAST(:kind AS TEXT) IS NULL OR kind = :kind) AND (died_at IS NOT NULL OR :dead = 0)
            ORDER BY id LIMIT :count
            """,
            ["kind": kind, "dead": dead, "count": count, "now": try clock()]
        ) { row in
            Entry(
                id: try row["id"],
                kind: try row["kind"],
                state: try row["state"],
                attempts: try row["attempts"],
                createdAt: try row["created_at"],
                moment: try row["moment"],
                error: try row["error"]
            )
        }
    }

    /// What became of an order about a job.
    public enum Outcome: Hashable, Sendable {
        /// It was followed. A dead job of an ordering key comes behind those of its key that wait, and so under another number.
        case done(id: Int64)
        /// There is no such job.
        case unknown
        /// It is not dead: it runs, or will.
        case alive
        /// A worker has it now.
        case running
        /// Another job has its unique key by now, and will do the same.
        case replaced
    }

    /// Has a dead job tried again, at once, with all its attempts; or a job that waits for another attempt, without the wait.
    public func retry(_ id: Int64) throws -> Outcome {
        let now = try clock()
        do {
            return try database.write {
                guard let job = try job(id, at: now) else { return .unknown }
                switch job.state {
                case .running: return .running
                case .waiting: return .alive
                case .retrying:
                    let count = try database.run(
                        "UPDATE job SET due_at = :now, lease = NULL WHERE id = :id AND (lease IS NULL OR due_at <= :now)",
                        ["now": now, "id": id]
                    )
                    try database.wakeWorkers()
                    return count == 1 ? .done(id: id) : .running
                case .dead: return try revive(id, isOrdered: job.isOrdered, at: now)
                }
            }
        } catch DatabaseError.violated(.unique, _) {
            return .replaced
        }
    }

    private func revive(_ id: Int64, isOrdered: Bool, at now: Timestamp) throws -> Outcome {
        try database.wakeWorkers()
        guard isOrdered else {
            try database.run(
                "UPDATE job SET died_at = NULL, attempts = 0, due_at = :now WHERE id = :id",
                ["now": now, "id": id]
            )
            return .done(id: id)
        }
        // A number below theirs would let it run beside one of its key that runs.
        if database.isOnPostgreSQL {
            try database.run(
                "SELECT pg_advisory_xact_lock(hashtextextended(ordering_key, 4742)) FROM job WHERE id = :id",
                ["id": id]
            )
        }
        let next = try database.first(
            """
            INSERT INTO job (idempotency_id, kind, payload, priority, ordering_key, unique_key, maximum_attempts, due_at,
                created_at, error)
            SELECT idempotency_id, kind, payload, priority, ordering_key, unique_key, maximum_attempts, CAST(:now AS BIGINT),
                created_at, error
            FROM job WHERE id = :id RETURNING id
            """,
            ["now": now, "id": id]
        ) { row in try row[0] as Int64 }
        try database.run("DELETE FROM job WHERE id = :id", ["id": id])
        return next.map { .done(id: $0) } ?? .unknown
    }

    /// Has all dead jobs tried again.
    /// - Returns: How many they are; those with a unique key that another has by now stay dead.
    public func retryAllDead() throws -> Int {
        try entries(dead: true, count: .max).reduce(0) { count, entry in
            if case .done = try retry(entry.id) { count + 1 } else { count }
        }
    }

    /// Takes a job away undone, unless a worker has it.
    public func drop(_ id: Int64) throws -> Outcome {
        let now = try clock()
        return try database.write {
            guard let job = try job(id, at: now) else { return .unknown }
            if job.state == .running { return .running }
            let count = try database.run(
                "DELETE FROM job WHERE id = :id AND (lease IS NULL OR due_at <= :now)",
                ["id": id, "now": now]
            )
            // Those behind it may run now.
            try database.wakeWorkers()
            return count == 1 ? .done(id: id) : .running
        }
    }

    private func job(_ id: Int64, at now: Timestamp) throws -> (state: State, isOrdered: Bool)? {
        try database.first(
            """
            SELECT \(Self.state) AS state, CASE WHEN ordering_key IS NULL THEN 0 ELSE 1 END AS ordered
            FROM job WHERE id = :id
            """,
            ["id": id, "now": now]
        ) { row in (try row["state"], try row["ordered"]) }
    }
}

extension JobRegister.State: ColumnValue {}
extension JobRegister.Backlog.State: ColumnValue {}
