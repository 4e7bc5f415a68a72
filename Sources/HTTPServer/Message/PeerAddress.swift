import CLinux
import Glibc

/// The address of a connection's other end, without its port. An IPv4 address that came over a dual-stack socket
/// (`::ffff:192.0.2.1`) is the IPv4 address.
struct PeerAddress: Sendable, Hashable {
    enum Family: UInt8, Sendable {
        case unix
        case ipv4
        case ipv6
    }

    let family: Family
    /// The address in the low 32 (IPv4) or all 128 bits.
    let bits: UInt128

    static let unix = PeerAddress(family: .unix, bits: 0)

    private init(family: Family, bits: UInt128) {
        self.family = family
        self.bits = bits
    }

    private init(ipv6 bits: UInt128) {
        if bits >> 32 == 0xFFFF {
            self.init(family: .ipv4, bits: bits & 0xFFFF_FFFF)
        } else {
            self.init(family: .ipv6, bits: bits)
        }
    }

    /// What accept(2) told about the peer.
    init(_ storage: borrowing sockaddr_storage) {
        switch CInt(storage.ss_family) {
        case AF_INET:
            let address = unsafe withUnsafeBytes(of: storage) { unsafe $0.load(as: sockaddr_in.self).sin_addr.s_addr }
            self.init(family: .ipv4, bits: UInt128(UInt32(bigEndian: address)))
        case AF_INET6:
            let bits = unsafe withUnsafeBytes(of: storage) { bytes in
                let offset = MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 8
                return unsafe UInt128(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt128.self))
            }
            self.init(ipv6: bits)
        default:
            self = .unix
        }
    }

    /// Reads an address in text form (inet_pton(3)).
    init?(text: String) {
        var ipv4 = in_addr()
        var ipv6 = in6_addr()
        if unsafe inet_pton(AF_INET, text, &ipv4) == 1 {
            self.init(family: .ipv4, bits: UInt128(UInt32(bigEndian: ipv4.s_addr)))
        } else if unsafe inet_pton(AF_INET6, text, &ipv6) == 1 {
            let bits = unsafe withUnsafeBytes(of: ipv6) { unsafe $0.loadUnaligned(as: UInt128.self) }
            self.init(ipv6: UInt128(bigEndian: bits))
        } else {
            return nil
        }
    }

    /// Reads one hop of an `X-Forwarded-For` field, with blanks around it: an address, an IPv6 one also in brackets, and,
    /// where proxies add it, the port it came from (`192.0.2.1:4711`, `[2001:db8::1]:443`).
    init?(forwarded hop: Substring) {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var address = hop.drop(while: isBlank)
        while let last = address.last, isBlank(last) { address.removeLast() }
        if address.first == "[" {
            guard let end = address.firstIndex(of: "]") else { return nil }
            let behind = address[end...].dropFirst()
            guard behind.isEmpty || Self.isPort(behind) else { return nil }
            address = address[..<end].dropFirst()
            guard address.contains(":") else { return nil }
        } else if let colon = address.firstIndex(of: ":"), colon == address.lastIndex(of: ":") {
            guard Self.isPort(address[colon...]) else { return nil }
            address = address[..<colon]
        }
        self.init(text: String(address))
    }

    /// Whether the text is a colon and the number of a port.
    private static func isPort(_ text: Substring) -> Bool {
        let digits = text.utf8.dropFirst()
        return text.first == ":" && (1...5).contains(digits.count) && digits.allSatisfy(ASCII.isDigit)
            && UInt16(text.dropFirst()) != nil
    }

    var bitCount: Int {
        switch family {
        case .unix: 0
        case .ipv4: 32
        case .ipv6: 128
        }
    }

    func masked(to length: Int) -> PeerAddress {
        let host = bitCount - length
        return PeerAddress(family: family, bits: host >= 128 ? 0 : (bits >> UInt128(host)) << UInt128(host))
    }

    /// The address in text form (inet_ntop(3)), or `unix`.
    var text: String {
        switch family {
        case .unix:
            return "unix"
        case .ipv4:
            return UInt32(truncatingIfNeeded: bits).dottedText
        case .ipv6:
            var address = bits.bigEndian
            return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
                guard unsafe inet_ntop(AF_INET6, &address, buffer.baseAddress, socklen_t(buffer.count)) != nil
                else { return "" }
                return unsafe String(cString: buffer.baseAddress!)
            }
        }
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
        return String(copying: text.span.extracting(..<count))
    }
}
