/// A key together with the request it came with, as a store records them beside the booking.
public struct Idempotency: Hashable, Sendable {
    /// The client's key.
    public let key: IdempotencyKey

    /// Whose key it is.
    public let scope: IdempotencyScope

    /// The request it came with.
    public let fingerprint: Fingerprint

    /// The key, its scope and the fingerprint of this request.
    public init(key: IdempotencyKey, scope: IdempotencyScope = .anonymous, request: BookingRequest) {
        self.key = key
        self.scope = scope
        fingerprint = Fingerprint(request)
    }
}
