public import HTTPServer
import HTTPTypes
public import Values

extension Request {
    /// The key with which the client may repeat this request; nil when it sent none.
    /// - Throws: 400 when `Idempotency-Key` is no such key.
    public func idempotencyKey() throws(Problem) -> IdempotencyKey? {
        guard let text = value(of: .idempotencyKey) else { return nil }
        guard let key = IdempotencyKey(text) else {
            throw Problem(.badRequest, detail: "Idempotency-Key must be 1 to 255 visible ASCII characters.")
        }
        return key
    }

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

extension Response {
    /// This response, marked as the one that the first request with the key got (`Idempotency-Replayed: true`).
    public func markedAsReplayed() -> Response {
        var response = self
        response.headerFields[.idempotencyReplayed] = "true"
        return response
    }
}

extension HTTPField.Name {
    fileprivate static let idempotencyKey = known("Idempotency-Key")
    fileprivate static let idempotencyReplayed = known("Idempotency-Replayed")
}
