import Linux

/// Who is limited, as 128 bits.
struct RateLimitKey: Hashable, Sendable {
    let first: UInt64
    let second: UInt64

    /// A client by its address: of IPv6 the first 64 bits, because whoever has one address there has them all (RFC 4291 section
    /// 2.5.1). Clients on a unix socket are one.
    init(of address: IPAddress?) {
        switch address {
        case nil: (first, second) = (0, 1)
        case let address? where address.version == .v4: (first, second) = (UInt64(truncatingIfNeeded: address.bits), 4)
        case let address?: (first, second) = (UInt64(truncatingIfNeeded: address.bits >> 64), 6)
        }
    }

    /// A caller by its name.
    init(of caller: Caller) {
        let bytes = SHA256.hash(Array(caller.name.utf8)).bytes
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        (first, second) = (word(0..<8), word(8..<16))
    }
}
