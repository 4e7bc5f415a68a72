public import Values

/// Writes that a client may repeat without harm: the first answer under a key is kept beside what was written, in the same
/// transaction, and given again.
///
/// The schema has this table; put it into a migration:
///
/// ```sql
/// CREATE TABLE idempotency (
///     key         TEXT   NOT NULL,
///     scope       TEXT   NOT NULL,
///     fingerprint TEXT   NOT NULL,
///     answer      TEXT   NOT NULL,
///     expires_at  BIGINT NOT NULL,
///     PRIMARY KEY (key, scope)
/// );
/// CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
/// ```
extension Database {
    /// Writes once per key.
    ///
    /// A key that is on record decides before anything else does: with the request that it came with the recorded value is
    /// given again, with another one the key is refused. Otherwise the body runs as in ``write(isolation:_:)``, and its value is
    /// recorded. A body that throws leaves no record. Without a key each call writes.
    /// - Parameters:
    ///   - idempotency: The client's key, when it sent one. It is on record for `IdempotencyKey.lifetime` at least. Records
    ///     that are older by `now` may be given up, the oldest first, two with each new one at most: a clock that jumps ahead
    ///     costs none at a stroke.
    ///   - now: When it is written.
    ///   - isolation: As in ``write(isolation:_:)``. The key itself is a unique rule of the schema.
    ///   - body: What to write; the value is kept as its JSON, in which a `Timestamp` is exact to the second.
    public func write<Value: Codable>(
        once idempotency: Idempotency?,
        at now: Timestamp,
        isolation: Isolation = .serializable,
        _ body: () throws -> Value
    ) throws -> Once<Value> {
        // A repeat needs no lock.
        if !isOnPostgreSQL, let idempotency, let answer = try recordedAnswer(to: idempotency, as: Value.self) {
            return answer
        }
        return try write(once: idempotency, at: now, isolation: isolation, judging: {}, body)
    }

    /// Writes once per key what is allowed: whoever is refused does not hold up the others, for a refusal is found without
    /// the write lock.
    ///
    /// ```swift
    /// try database.write(once: key, at: now) {
    ///     try order.accepted(stock: try stock(of: order))  // throws OutOfStock
    /// } _: { accepted in
    ///     try database.run("INSERT …", Parameters(of: accepted))
    ///     return accepted
    /// }
    /// ```
    /// - Parameters:
    ///   - idempotency: As in ``write(once:at:isolation:_:)``.
    ///   - now: When it is written.
    ///   - isolation: As in ``write(isolation:_:)``.
    ///   - judge: Reads what the decision needs and throws when the write is refused. On SQLite it runs before the lock is
    ///     asked for, and once more under it: only then does what it has read hold for longer than a moment. In a group that has
    ///     the lock (`beginGroup`) it runs once.
    ///   - body: Writes what was judged; the value is kept as its JSON.
    public func write<Judgement, Value: Codable>(
        once idempotency: Idempotency?,
        at now: Timestamp,
        isolation: Isolation = .serializable,
        judging judge: () throws -> Judgement,
        _ body: (Judgement) throws -> Value
    ) throws -> Once<Value> {
        guard !isOnPostgreSQL else {
            return try writeInOneGo(once: idempotency, at: now, isolation, judging: judge, body)
        }
        // Whoever has the lock already need judge only once.
        if !isInGroupTransaction {
            do {
                _ = try judge()
            } catch let failure as DatabaseError {
                throw failure
            } catch {
                // The key is read last and decides first. Without the write lock each read may see a later state: had the key
                // been read before the write it came with, and the rest after, the client would be told that it lost to itself.
                if let idempotency, let answer = try recordedAnswer(to: idempotency, as: Value.self) { return answer }
                throw error
            }
        }
        return try write {
            if let idempotency, let answer = try recordedAnswer(to: idempotency, as: Value.self) { return answer }
            let value = try body(try judge())
            if let idempotency { try record(value, for: idempotency, at: now) }
            return .done(value)
        }
    }

    /// As ``write(once:at:isolation:judging:_:)``, where nobody waits for a write lock, but each answer is a round trip away: the key is
    /// looked up together with what is judged first.
    private func writeInOneGo<Judgement, Value: Codable>(
        once idempotency: Idempotency?,
        at now: Timestamp,
        _ isolation: Isolation,
        judging judge: () throws -> Judgement,
        _ body: (Judgement) throws -> Value
    ) throws -> Once<Value> {
        do {
            return try write(isolation: isolation) {
                let lookup = try idempotency.flatMap { try beginLookup(of: $0) }
                defer { lookup?.reset() }
                let judgement: Swift.Result<Judgement, any Error>
                do {
                    judgement = .success(try judge())
                } catch let failure as DatabaseError {
                    throw failure
                } catch {
                    judgement = .failure(error)
                }
                if let idempotency, let lookup, try lookup.step() {
                    return try answer(to: idempotency, in: Row(of: .postgreSQL(lookup)))
                }
                if case .failure = judgement, isolation == .readCommitted, let idempotency,
                    // Each read sees its own moment: what refuses it may be what came with this very key after that was looked up.
                    let answer = try recordedAnswer(to: idempotency, as: Value.self)
                {
                    return answer
                }
                let value = try body(try judgement.get())
                if let idempotency { try record(value, for: idempotency, at: now) }
                return .done(value)
            }
        } catch DatabaseError.violated(.unique, let detail) {
            // Somebody was faster with the same key, and not as a transaction that the server could have told from this one.
            if let idempotency, let answer = try recordedAnswer(to: idempotency, as: Value.self) { return answer }
            throw DatabaseError.violated(.unique, detail)
        }
    }

    private func beginLookup(of asked: Idempotency) throws(DatabaseError) -> PostgreSQLStatement? {
        guard let statement = try statementToEnqueue(Self.lookup) else { return nil }
        try bind(asked.key.text, asked.scope.text, to: .postgreSQL(statement))
        try statement.send()
        return statement
    }

    private static let lookup =
        "SELECT fingerprint, answer FROM idempotency WHERE key = :key AND scope IN (:scope, '*')"

    /// What was answered under this key; nil when it is not on record. A record answers as long as it is there: by which
    /// clock would it be too old? One with the scope `*` answers whoever comes with the key.
    private func recordedAnswer<Value: Codable>(
        to asked: Idempotency,
        as type: Value.Type
    ) throws -> Once<Value>? {
        try first(Self.lookup, asked.key.text, asked.scope.text) { row in try answer(to: asked, in: row) }
    }

    private func answer<Value: Codable>(to asked: Idempotency, in row: borrowing Row) throws -> Once<Value> {
        let fingerprint: String = try row["fingerprint"]
        guard fingerprint == asked.fingerprint.description else { return .keyReused }
        return .replayed(try RecordedAnswer.value(of: try row["answer"]))
    }

    private func record(_ value: some Encodable, for asked: Idempotency, at now: Timestamp) throws {
        // Two with each new record, the oldest first: the table shrinks as long as any is expired, and a clock that jumps
        // ahead, by whatever, costs no key at a stroke. When writes go on as before, those that lived are gone half a
        // lifetime later, and none was younger than that when it went.
        try enqueue(
            """
            DELETE FROM idempotency WHERE (key, scope) IN (
                SELECT key, scope FROM idempotency WHERE expires_at <= :now ORDER BY expires_at LIMIT 2
            )
            """,
            ["now": now.microsecondsSinceEpoch]
        )
        try enqueue(
            """
            INSERT INTO idempotency (key, scope, fingerprint, answer, expires_at)
            VALUES (:key, :scope, :fingerprint, :answer, :expires_at)
            """,
            [
                "key": asked.key.text, "scope": asked.scope.text, "fingerprint": asked.fingerprint.description,
                "answer": try RecordedAnswer.text(of: value),
                "expires_at": now.adding(IdempotencyKey.lifetime).microsecondsSinceEpoch,
            ]
        )
    }
}
