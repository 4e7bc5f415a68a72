/// The addresses that begin with the same bits, such as `169.254.0.0/16`, or a single one.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    private let network: IPAddress
    private let length: Int
    /// The bits that must be the network's.
    private let mask: UInt128

    /// Reads an address, or a network in CIDR form (RFC 4632 section 3.1); `nil` when it is none, or when bits are set behind
    /// the prefix.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        var length = address.bitCount
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let given = Int(parts[1]), (0...address.bitCount).contains(given)
            else { return nil }
            length = given
        }
        guard address.masked(to: length) == address else { return nil }
        network = address
        self.length = length
        let all = UInt128.max &>> UInt128(128 - address.bitCount)
        mask = length == 0 ? 0 : all & ~((1 &<< UInt128(address.bitCount - length)) &- 1)
    }

    /// Whether the address is one of them.
    public func contains(_ address: IPAddress) -> Bool {
        address.version == network.version && address.bits & mask == network.bits
    }

    /// As it is written: `169.254.0.0/16`, `::1`.
    public var description: String {
        length == network.bitCount ? network.description : "\(network.description)/\(length)"
    }
}
