public import Values

extension Database {
    /// Deletes records of idempotency keys that nobody can ask for any more: those whose lifetime was over a whole lifetime ago, so
    /// that a clock which jumps ahead by less than that costs no key. Writes under a key do it too, two records at a time; this is for
    /// what is left when there are no more writes.
    /// - Returns: How many. It takes so long as there are some, in many short transactions.
    @discardableResult
    public func deleteExpiredIdempotencyKeys(at now: Timestamp) throws -> Int {
        let end = now.adding(.zero - IdempotencyKey.lifetime)
        var count = 0
        while true {
            let deleted = try run(
                """
                DELETE FROM idempotency WHERE (key, scope) IN (
                    SELECT key, scope FROM idempotency WHERE expires_at <= :end ORDER BY expires_at LIMIT 500
                )
                """,
                ["end": end]
            )
            count += deleted
            guard deleted == 500 else { return count }
        }
    }
}
