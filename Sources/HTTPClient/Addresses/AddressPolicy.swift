import Glibc
import Linux

/// Which addresses may be called.
///
/// Loopback and private networks may: that is where the other services of a house live. What is refused is what no service
/// lives at, and where a request that somebody talked this service into does harm: the metadata services of clouds, which
/// hand out credentials to whoever asks from the right host, and link-local networks, in which they are.
struct AddressPolicy: Sendable {
    /// Networks that may be called although they are among those that are refused.
    let allowed: [IPNetwork]
    var refused = Self.harmful

    private static let harmful: [IPNetwork] = [
        "0.0.0.0/8",  // "this network" (RFC 1122 section 3.2.1.3); Linux connects to itself
        "169.254.0.0/16",  // link-local (RFC 3927): metadata of AWS, Google, Azure, Oracle, DigitalOcean
        "100.100.100.200",  // metadata of Alibaba Cloud
        "168.63.129.16",  // Azure's wire server
        "192.0.0.192",  // metadata of Oracle Cloud, formerly
        "224.0.0.0/4",  // multicast (RFC 5771)
        "240.0.0.0/4",  // reserved, and broadcast (RFC 1112 section 4)
        "::",
        "fe80::/10",  // link-local (RFC 4291 section 2.5.6)
        "ff00::/8",  // multicast (RFC 4291 section 2.7)
        "fd00:ec2::254",  // metadata of AWS
        "fd20:ce::254",  // metadata of Google
    ].map { network in
        guard let network = IPNetwork(network) else { preconditionFailure("\(network) is no network") }
        return network
    }

    /// Forms of IPv6 that lead to the IPv4 address in them, and how many bits are behind it.
    private static let carriers: [(network: IPNetwork, bitsBehind: UInt128)] = [
        ("64:ff9b::/96", 0),  // NAT64 (RFC 6052)
        ("2002::/16", 80),  // 6to4 (RFC 3056)
        ("::/96", 0),  // IPv4-compatible (RFC 4291 section 2.5.5.1)
    ].map { (network: String, bits: UInt128) in
        guard let network = IPNetwork(network) else { preconditionFailure("\(network) is no network") }
        return (network, bits)
    }

    func allows(_ address: IPAddress) -> Bool {
        if allowed.contains(where: { $0.contains(address) }) { return true }
        if refused.contains(where: { $0.contains(address) }) { return false }
        guard address.version == .v6, address.bits > 1,
            let carrier = Self.carriers.first(where: { $0.network.contains(address) })
        else { return true }
        return allows(IPAddress(ipv4: UInt32(truncatingIfNeeded: address.bits >> carrier.bitsBehind)))
    }
}

extension IPAddress {
    /// The address that the host of a URL is, in any form that resolvers take: `2130706433` and `0x7f.1` are 127.0.0.1
    /// (inet_aton(3)). `nil` for a name.
    init?(urlHost host: String) {
        if host.utf8.first == UInt8(ascii: "[") {
            self.init(String(host.dropFirst().dropLast()))
            return
        }
        guard let first = host.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        var address = in_addr()
        guard unsafe inet_aton(host, &address) != 0 else { return nil }
        self.init(ipv4: UInt32(bigEndian: address.s_addr))
    }
}
