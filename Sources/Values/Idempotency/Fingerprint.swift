/// A short stand-in for a request, by which a store tells whether a repeated key came with the same request.
///
/// FNV resists accidents, not attackers; whoever forges a collision only replays an answer of their own.
public struct Fingerprint: Hashable, Sendable {
    /// FNV-1a over the request's fields, 128 bits.
    public let bits: UInt128

    /// The fingerprint of a request's fields, in an order that stays: it must mean the same in every process and every release
    /// while records of it live (`IdempotencyKey.lifetime`). Fields may be appended, not reordered.
    public init(fields: [String]) {
        var hash = FNV1a<UInt128>()
        for field in fields { hash.combine(field: field) }
        bits = hash.value
    }
}

extension Fingerprint: CustomStringConvertible {
    /// In hexadecimal, as stores keep it.
    public var description: String { String(bits, radix: 16) }
}
