import Values

/// A short stand-in for a booking request, by which a store tells whether a repeated key came with the same request.
public struct Fingerprint: Hashable, Sendable {
    /// FNV-1a over the request's fields, 128 bits.
    public let bits: UInt128

    /// The fingerprint with these bits.
    public init(bits: UInt128) {
        self.bits = bits
    }

    /// The fingerprint of a request. It means the same in every process and every release while records of it live
    /// (`IdempotencyKey.lifetime`): fields may be appended here, not reordered.
    ///
    /// FNV resists accidents, not attackers; whoever forges a collision only replays an answer of their own.
    public init(_ request: BookingRequest) {
        var hash = FNV1a<UInt128>()
        hash.combine(field: request.roomID.text)
        hash.combine(field: request.stay.from.description)
        hash.combine(field: request.stay.to.description)
        hash.combine(field: String(request.guests))
        hash.combine(field: request.guest.name)
        hash.combine(field: request.guest.email.text)
        bits = hash.value
    }
}
