import SQL
import Values

/// The jobs in a database, for whoever runs them. It belongs to its database's thread.
///
/// A job is leased, worked on, and then completed, which deletes it, or failed, which lets it wait for another attempt or, after
/// the last, keeps it as dead. While a lease lasts `due_at` is its end, so a job whose worker is gone is due again by itself.
struct JobQueue {
    private let database: Database
    private let leaseTime: Duration
    private let clock: () throws -> Timestamp

    /// - Parameters:
    ///   - leaseTime: How long a lease lasts, unless it is renewed.
    ///   - clock: The time by which leases end; all who share the database must have the same.
    init(_ database: Database, leaseTime: Duration, clock: @escaping () throws -> Timestamp) {
        self.database = database
        self.leaseTime = leaseTime
        self.clock = clock
    }

    func now() throws -> Timestamp { try clock() }

    // MARK: Leasing

    /// What a look at the queue came to.
    struct Leased {
        var jobs: [LeasedJob] = []
        /// Those that had no attempt left when their last lease ended: they are dead now.
        var exhausted: [LeasedJob] = []
    }

    /// Leases jobs that are due, those of higher priority first, then those that are due for longest.
    /// - Parameters:
    ///   - count: How many at most.
    ///   - kinds: Which the caller can run; others are left alone.
    ///   - held: The numbers of jobs that the caller still works on. They are left alone even if their leases are over: no job
    ///     runs beside itself.
    ///   - moment: The time by which leases end, if the caller has just asked for it.
    func lease(
        _ count: Int,
        of kinds: JobKinds,
        except held: Set<Int64> = [],
        at moment: Timestamp? = nil
    ) throws -> Leased {
        let now = try moment ?? clock()
        // On SQLite whoever finds nothing took no write lock.
        if !database.isOnPostgreSQL, try candidates(1, of: kinds, at: now).isEmpty { return Leased() }
        // Whom two transactions would collide over is locked row by row.
        return try database.write(isolation: .readCommitted) {
            var leased = Leased()
            for job in try candidates(count + held.count, of: kinds, at: now) where !held.contains(job.id) {
                guard leased.jobs.count + leased.exhausted.count < count else { break }
                if job.attempt > job.maximumAttempts {
                    try database.enqueue(
                        "UPDATE job SET died_at = :now, lease = NULL, error = :error WHERE id = :id",
                        ["now": now, "error": Self.exhaustion, "id": job.id]
                    )
                    leased.exhausted.append(job)
                    continue
                }
                try database.enqueue(
                    "UPDATE job SET lease = :lease, due_at = :end, attempts = :attempts WHERE id = :id",
                    ["lease": job.lease, "end": now.adding(leaseTime), "attempts": job.attempt, "id": job.id]
                )
                leased.jobs.append(job)
            }
            return leased
        }
    }

    /// What is known of a job that was begun for the last time and not heard of again.
    private static let exhaustion = "its worker ended, or did not renew its lease, in the last attempt"

    private func candidates(_ count: Int, of kinds: JobKinds, at now: Timestamp) throws -> [LeasedJob] {
        var found: [LeasedJob] = []
        // A priority at a time: so each is one range of the index, however many jobs there are that are not due.
        for priority in JobPriority.allCases.reversed() where found.count < count {
            found += try database.all(
                kinds.candidates(forUpdate: database.isOnPostgreSQL && database.isWriting),
                ["priority": priority.rawValue, "now": now, "count": count - found.count]
            ) { row in
                let content = JobTrace.split(try row["payload"])
                return LeasedJob(
                    id: try row["id"],
                    kind: try row["kind"],
                    payload: content.payload,
                    traceparent: content.traceparent,
                    idempotencyID: try row["idempotency_id"],
                    attempt: try row["attempts"] + 1,
                    maximumAttempts: try row["maximum_attempts"],
                    orderingKey: try row["ordering_key"],
                    createdAt: try row["created_at"],
                    lease: Identifier<LeasedJob>(madeAt: now).description
                )
            }
        }
        return found
    }

    /// Lets leases last for another ``leaseTime``.
    /// - Returns: Those that were lost.
    func renew(_ jobs: [LeasedJob]) throws -> [LeasedJob] {
        let end = try clock().adding(leaseTime)
        return try database.write(isolation: .readCommitted) {
            try jobs.filter { job in
                try database.run(
                    "UPDATE job SET due_at = :end WHERE id = :id AND lease = :lease",
                    ["end": end, "id": job.id, "lease": job.lease]
                ) == 0
            }
        }
    }

    // MARK: Ending

    /// The job is done.
    /// - Returns: Whether it was still ours.
    func complete(_ job: LeasedJob) throws -> Bool { try database.complete(job) }

    /// What becomes of a job that failed.
    enum Failure {
        case retried(at: Timestamp)
        case dead
        /// It was not ours any more.
        case lost
    }

    /// The job has failed.
    /// - Parameters:
    ///   - error: Why, for the operator.
    ///   - delay: When it is tried again; `nil` for never.
    func fail(_ job: LeasedJob, because error: String, retryAfter delay: Duration?) throws -> Failure {
        let now = try clock()
        // PostgreSQL has no text with a NUL.
        let kept = error.utf8.prefix(Self.longestError).map { $0 == 0 ? UInt8(ascii: "?") : $0 }
        let error = String(decoding: kept, as: UTF8.self)
        guard let delay, job.attempt < job.maximumAttempts else {
            let count = try database.run(
                "UPDATE job SET died_at = :now, lease = NULL, error = :error WHERE id = :id AND lease = :lease",
                ["now": now, "error": error, "id": job.id, "lease": job.lease]
            )
            return count == 1 ? .dead : .lost
        }
        let next = now.adding(delay)
        let count = try database.run(
            "UPDATE job SET due_at = :next, lease = NULL, error = :error WHERE id = :id AND lease = :lease",
            ["next": next, "error": error, "id": job.id, "lease": job.lease]
        )
        return count == 1 ? .retried(at: next) : .lost
    }

    /// Enough for a message, and no room for whole answers of other services; in bytes.
    private static let longestError = 1_000

    /// When the next of those that are not due yet is; `nil` when there is none.
    func nextDue(at moment: Timestamp? = nil) throws -> Timestamp? {
        let now = try moment ?? clock()
        return try database.first(
            """
            SELECT min(next) AS next FROM (
                SELECT min(due_at) AS next FROM job WHERE died_at IS NULL AND priority = 0 AND due_at > :now
                UNION ALL SELECT min(due_at) FROM job WHERE died_at IS NULL AND priority = 1 AND due_at > :now
                UNION ALL SELECT min(due_at) FROM job WHERE died_at IS NULL AND priority = 2 AND due_at > :now
            ) AS nexts
            """,
            ["now": now]
        ) { row in try row[0] as Timestamp? } ?? nil
    }
}

/// The kinds of job that a worker has handlers for, as SQL names them.
struct JobKinds {
    private let texts: [Bool: String]

    init(_ kinds: some Sequence<String>) {
        // Kinds have no character that would have to be quoted.
        let list = kinds.sorted().map { "'\($0)'" }.joined(separator: ", ")
        func text(_ suffix: String) -> String {
            """
            SELECT id, kind, payload, idempotency_id, attempts, maximum_attempts, ordering_key, created_at FROM job
            WHERE died_at IS NULL AND priority = :priority AND due_at <= :now AND kind IN (\(list.isEmpty ? "''" : list))
                AND (ordering_key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM job AS earlier WHERE earlier.ordering_key = job.ordering_key
                        AND earlier.died_at IS NULL AND earlier.id < job.id
                ))
            ORDER BY due_at, id LIMIT :count\(suffix)
            """
        }
        texts = [false: text(""), true: text(" FOR UPDATE OF job SKIP LOCKED")]
    }

    func candidates(forUpdate: Bool) -> String { texts[forUpdate] ?? "" }
}

extension Database {
    /// Deletes a job that is done, if its lease is still that one.
    func complete(_ job: LeasedJob) throws -> Bool {
        try run("DELETE FROM job WHERE id = :id AND lease = :lease", ["id": job.id, "lease": job.lease]) == 1
    }
}
