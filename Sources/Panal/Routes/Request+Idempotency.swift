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

    /// The key with which the client may repeat this request, whose key it is, and what it came with; nil when it sent none.
    /// - Parameter fingerprint: By which a repeat is told from another request.
    /// - Throws: 400 when `Idempotency-Key` is no such key.
    public func idempotency(_ fingerprint: Fingerprint) throws(Problem) -> Idempotency? {
        try idempotencyKey().map { Idempotency(key: $0, scope: idempotencyScope, fingerprint: fingerprint) }
    }

    /// Whose idempotency keys the request's are: each caller is a client of its own, and all are one where the service asks
    /// for no key.
    public var idempotencyScope: IdempotencyScope { self[Caller.self]?.idempotencyScope ?? .anonymous }
}

extension Response {
    /// The answer to a write that is done once per key, the same to each repeat.
    /// - Throws: 422 when the key came with another request before, and what `make` throws.
    public static func once<Value>(_ outcome: Once<Value>, _ make: (Value) throws -> Response) throws -> Response {
        switch outcome {
        case .done(let value): return try make(value)
        case .replayed(let value): return try make(value).markedAsReplayed()
        case .keyReused: throw ProblemKind.idempotencyKeyReused.problem()
        }
    }

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
