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
        "fd00:ec2::/32",  // metadata of AWS, and what else it has for its hosts
        "fd20:ce::254",  // metadata of Google
    ].map { network in
        guard let network = IPNetwork(network) else { preconditionFailure("\(network) is no network") }
        return network
    }

    /// Forms of IPv6 that lead to the IPv4 address in them, and behind how many bits that begins.
    private static let carriers: [(network: IPNetwork, prefixes: [Int])] = [
        ("64:ff9b::/96", [96]),  // NAT64 (RFC 6052)
        ("64:ff9b:1::/48", [48, 56, 64, 96]),  // NAT64 of a house (RFC 8215), which may take any length from there
        ("2002::/16", [16]),  // 6to4 (RFC 3056)
        ("::/96", [96]),  // IPv4-compatible (RFC 4291 section 2.5.5.1)
    ].map { (network: String, prefixes: [Int]) in
        guard let network = IPNetwork(network) else { preconditionFailure("\(network) is no network") }
        return (network, prefixes)
    }

    func allows(_ address: IPAddress) -> Bool {
        if allowed.contains(where: { $0.contains(address) }) { return true }
        if refused.contains(where: { $0.contains(address) }) { return false }
        guard address.version == .v6, address.bits > 1,
            let carrier = Self.carriers.first(where: { $0.network.contains(address) })
        else { return true }
        return carrier.prefixes.allSatisfy { prefix in
            let carried = Self.carried(behind: prefix, in: address)
            // Zero is what stands there when the address is of another length.
            if carrier.prefixes.count > 1, carried >> 24 == 0 { return true }
            return allows(IPAddress(ipv4: carried))
        }
    }

    /// The IPv4 address behind a prefix (RFC 6052 section 2.2): bits 64 to 71 belong to none, except in the longest.
    private static func carried(behind prefix: Int, in address: IPAddress) -> UInt32 {
        if prefix == 96 { return UInt32(truncatingIfNeeded: address.bits) }
        let joined = (address.bits >> 64) << 56 | address.bits & (1 << 56 - 1)
        return UInt32(truncatingIfNeeded: joined >> UInt128(120 - 32 - prefix))
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
