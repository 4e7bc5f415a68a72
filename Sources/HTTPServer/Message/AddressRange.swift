import Linux

/// A range of peer addresses: an IP prefix such as `10.0.0.0/8` or `fd00::/8`, one address, or `unix`, which is every
/// peer on a unix socket.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The text it was made from.
    public let description: String

    private let peers: Peers

    private enum Peers: Sendable, Hashable {
        case unix
        case network(IPAddress, prefixLength: Int)
    }

    /// Reads a range; `nil` when it is none, or when bits are set behind the prefix.
    public init?(_ text: String) {
        description = text
        if text == "unix" {
            peers = .unix
            return
        }
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
        peers = .network(address, prefixLength: length)
    }

    func contains(_ peer: PeerAddress) -> Bool {
        switch (peers, peer) {
        case (.unix, .unix): true
        case (.network(let network, let length), .ip(let address)):
            address.version == network.version && address.masked(to: length) == network
        default: false
        }
    }
}
