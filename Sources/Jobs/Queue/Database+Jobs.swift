import FoundationEssentials
import Linux
public import SQL
public import Values

extension Database {
    /// Adds a job. Inside of ``SQL/Database/write(isolation:_:)`` it belongs to that transaction: it is there once the transaction
    /// is kept, and never if it is not. It costs no round trip of its own there.
    /// - Parameters:
    ///   - job: What there is to do.
    ///   - options: How it is to be treated.
    ///   - now: When it is added.
    /// - Throws: `DatabaseError`, and what the job's encoding throws.
    public func add<Work: Job>(_ job: Work, _ options: JobOptions = JobOptions(), at now: Timestamp) throws {
        let encoded = String(decoding: try JSONEncoder().encode(job), as: UTF8.self)
        let payload = JobTrace.add((observer as? any JobTracer)?.traceparent, to: encoded)
        try add(kind: Work.kind, payload: payload, options, at: now)
    }

    func add(kind: String, payload: String, _ options: JobOptions, at now: Timestamp) throws {
        precondition(JobKind.isValid(kind), "\"\(kind)\" is no kind of job: write 1 to 64 of a-z, 0-9, -, _ and .")
        try write {
            if isOnPostgreSQL, let key = options.orderingKey {
                // Numbers are given in the order in which jobs are added, but transactions end in any. Those of one key wait for
                // each other, so that nobody sees the second and not yet the first.
                try enqueue(
                    "SELECT pg_advisory_xact_lock(hashtextextended(:key, 4742))",
                    ["key": key]
                )
            }
            try enqueue(
                insertion(isImmediate: options.runAt == nil),
                [
                    "idempotency_id": Identifier<Database>(madeAt: now).description, "kind": kind, "payload": payload,
                    "priority": options.priority.rawValue, "ordering_key": options.orderingKey,
                    "unique_key": options.uniqueKey, "maximum_attempts": options.maximumAttempts,
                    "due_at": (options.runAt ?? now).microsecondsSinceEpoch, "created_at": now.microsecondsSinceEpoch,
                ]
            )
            try wakeWorkers()
        }
    }

    private func insertion(isImmediate: Bool) -> String {
        // A host whose clock is ahead of the server's adds nothing that is due later than at once.
        isImmediate && isOnPostgreSQL ? Self.immediateInsertion : Self.insertion
    }

    private static let insertion = """
        INSERT INTO job (idempotency_id, kind, payload, priority, ordering_key, unique_key, maximum_attempts, due_at, created_at)
        VALUES (:idempotency_id, :kind, :payload, :priority, :ordering_key, :unique_key, :maximum_attempts, :due_at, :created_at)
        ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL AND died_at IS NULL DO NOTHING
        """

    private static let immediateInsertion = """
        INSERT INTO job (idempotency_id, kind, payload, priority, ordering_key, unique_key, maximum_attempts, due_at, created_at)
        VALUES (:idempotency_id, :kind, :payload, :priority, :ordering_key, :unique_key, :maximum_attempts,
            LEAST(CAST(:due_at AS BIGINT), CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)), :created_at)
        ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL AND died_at IS NULL DO NOTHING
        """

    /// Has workers look for jobs once the write of now is kept.
    func wakeWorkers() throws {
        switch url.location {
        case .sqlite(let location): afterCommit("wake job workers") { FileWatch.touch(JobWaking.path(of: location)) }
        case .postgreSQL: try notify(JobWaking.channel)
        }
    }
}

/// Names of kinds.
enum JobKind {
    static func isValid(_ kind: String) -> Bool {
        (1...64).contains(kind.utf8.count)
            && kind.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_.".utf8.contains(byte)
            }
    }
}
