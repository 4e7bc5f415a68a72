public import HTTPServer
public import Values

extension Request {
    /// Whose idempotency keys the request's are: each API key is a client of its own, and all are one where the service asks
    /// for none.
    public var idempotencyScope: IdempotencyScope {
        guard let key = self[APIKey.self] else { return .anonymous }
        guard let scope = IdempotencyScope(key.fingerprint) else {
            preconditionFailure("a key's fingerprint is no scope")
        }
        return scope
    }
}
