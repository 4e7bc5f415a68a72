import Linux

/// A range of peer addresses: an IP prefix such as `10.0.0.0/8` or `fd00::/8`, one address, or `unix`, which is every
/// peer on a unix socket.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The text it was made from.
    public let description: String

    private let peers: Peers

    private enum Peers: Sendable, Hashable {
        case unix
        case network(IPNetwork)
    }

    /// Reads a range; `nil` when it is none, or when bits are set behind the prefix.
    public init?(_ text: String) {
        description = text
        if text == "unix" {
            peers = .unix
        } else {
            guard let network = IPNetwork(text) else { return nil }
            peers = .network(network)
        }
    }

    func contains(_ peer: PeerAddress) -> Bool {
        switch (peers, peer) {
        case (.unix, .unix): true
        case (.network(let network), .ip(let address)): network.contains(address)
        default: false
        }
    }
}
