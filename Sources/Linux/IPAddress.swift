import Glibc

/// An address of the internet protocol, without a port. An IPv4 address that came over a dual-stack socket
/// (`::ffff:192.0.2.1`) is the IPv4 address.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// Which protocol it belongs to.
    public enum Version: UInt8, Sendable {
        case v4
        case v6
    }

    /// Which protocol it belongs to.
    public let version: Version
    /// The address in the low 32 bits (IPv4) or in all 128.
    public let bits: UInt128

    private init(version: Version, bits: UInt128) {
        self.version = version
        self.bits = bits
    }

    /// An IPv4 address from its 32 bits, `0x7F00_0001` for 127.0.0.1.
    public init(ipv4 bits: UInt32) {
        self.init(version: .v4, bits: UInt128(bits))
    }

    /// An IPv6 address from its 128 bits, or the IPv4 address that it maps (RFC 4291, section 2.5.5.2).
    public init(ipv6 bits: UInt128) {
        if bits >> 32 == 0xFFFF {
            self.init(version: .v4, bits: bits & 0xFFFF_FFFF)
        } else {
            self.init(version: .v6, bits: bits)
        }
    }

    /// Reads an address in text form (inet_pton(3)), without brackets.
    public init?(_ text: String) {
        var ipv4 = in_addr()
        var ipv6 = in6_addr()
        if unsafe inet_pton(AF_INET, text, &ipv4) == 1 {
            self.init(ipv4: UInt32(bigEndian: ipv4.s_addr))
        } else if unsafe inet_pton(AF_INET6, text, &ipv6) == 1 {
            self.init(ipv6: UInt128(ipv6))
        } else {
            return nil
        }
    }

    /// How many bits an address of its version has.
    public var bitCount: Int { version == .v4 ? 32 : 128 }

    /// Whether it is this host's own, which no other host reaches (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3).
    public var isLoopback: Bool { version == .v4 ? bits >> 24 == 127 : bits == 1 }

    /// The address with all but its first bits zero: the network it is in.
    public func masked(to length: Int) -> IPAddress {
        let host = bitCount - length
        return IPAddress(version: version, bits: host >= 128 ? 0 : (bits >> UInt128(host)) << UInt128(host))
    }

    /// The address in text form (inet_ntop(3)), without brackets.
    public var description: String {
        if version == .v4 { return UInt32(truncatingIfNeeded: bits).dottedText }
        var address = bits.bigEndian
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let text = buffer.baseAddress,
                unsafe inet_ntop(AF_INET6, &address, text, socklen_t(buffer.count)) != nil
            else { return "" }
            return unsafe String(cString: text)
        }
    }
}

extension UInt128 {
    /// The bits of an IPv6 address.
    init(_ address: in6_addr) {
        self = unsafe withUnsafeBytes(of: address) { unsafe UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) }
    }
}

extension UInt32 {
    /// An IPv4 address with its bytes in decimal, gathered where that costs no allocation: each line of an access log
    /// has one.
    fileprivate var dottedText: String {
        var text = InlineArray<15, UInt8>(repeating: 0)
        var count = 0
        for shift in stride(from: 24, through: 0, by: -8) {
            if count > 0 {
                text[count] = UInt8(ascii: ".")
                count += 1
            }
            let byte = UInt8(truncatingIfNeeded: self >> shift)
            var power: UInt8 = byte >= 100 ? 100 : byte >= 10 ? 10 : 1
            while power > 0 {
                text[count] = UInt8(ascii: "0") + byte / power % 10
                count += 1
                power /= 10
            }
        }
        return unsafe text.span.withUnsafeBufferPointer { unsafe String(decoding: $0[..<count], as: UTF8.self) }
    }
}
