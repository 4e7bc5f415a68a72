import Glibc

/// Where a service listens.
enum Address: Sendable {
    case port(UInt16)
    /// The same over IPv6.
    case ipv6Port(UInt16)
    case unix(path: String)

    /// Calls connect(2); its result.
    func connect(_ descriptor: CInt) -> CInt {
        switch self {
        case .port(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            return Address.with(&address) { Glibc.connect(descriptor, $0, $1) }
        case .ipv6Port(let port):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            return Address.with(&address) { Glibc.connect(descriptor, $0, $1) }
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            precondition(bytes.count < MemoryLayout.size(ofValue: address.sun_path), "\(path) is too long")
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
            return Address.with(&address) { Glibc.connect(descriptor, $0, $1) }
        }
    }

    var family: CInt {
        switch self {
        case .port: AF_INET
        case .ipv6Port: AF_INET6
        case .unix: AF_UNIX
        }
    }

    private static func with<Kind>(
        _ address: inout Kind,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Kind>.size))
            }
        }
    }
}
