/// A client's key together with the request it came with: what a store keeps beside an answer, so that a repeat of the
/// request is answered again instead of being done again.
public struct Idempotency: Hashable, Sendable {
    /// The client's key.
    public let key: IdempotencyKey

    /// Whose key it is.
    public let scope: IdempotencyScope

    /// The request it came with.
    public let fingerprint: Fingerprint

    /// The key, its scope and the fingerprint of the request.
    public init(key: IdempotencyKey, scope: IdempotencyScope = .anonymous, fingerprint: Fingerprint) {
        self.key = key
        self.scope = scope
        self.fingerprint = fingerprint
    }
}
