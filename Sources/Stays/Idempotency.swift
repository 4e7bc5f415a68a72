/// A key together with the request it came with, as a store records them beside the booking.
public struct Idempotency: Hashable, Sendable {
    /// The client's key.
    public let key: IdempotencyKey

    /// The request it came with.
    public let fingerprint: Fingerprint

    /// The key and the fingerprint of this request.
    public init(key: IdempotencyKey, request: BookingRequest) {
        self.key = key
        fingerprint = Fingerprint(request)
    }
}
