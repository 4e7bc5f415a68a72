public import Glibc

/// A socket address in the kernel's form (socket(7)), and the way to it and back from text.
public struct SocketAddress: Sendable {
    /// What an address says.
    public enum Content: Hashable, Sendable {
        /// A TCP port of an IPv4 or IPv6 address.
        case ip(IPAddress, port: UInt16)
        /// A unix socket by its path; empty for one that has no name, as a client's usually has none.
        case unix(path: String)
    }

    private var storage: sockaddr_storage
    private var length: socklen_t

    /// `AF_INET`, `AF_INET6` or `AF_UNIX`.
    public var family: CInt { CInt(storage.ss_family) }

    /// An address that the kernel has filled in, as accept(2) does.
    public init(_ storage: sockaddr_storage, length: socklen_t) {
        self.storage = storage
        self.length = min(length, socklen_t(MemoryLayout<sockaddr_storage>.size))
    }

    private init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        var storage = sockaddr_storage()
        let size = min(Int(length), MemoryLayout<sockaddr_storage>.size)
        unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.copyMemory(from: .init(start: address, count: size)) }
        self.init(storage, length: socklen_t(size))
    }

    /// The first address that a host name or a numeric address means (getaddrinfo(3)). It may ask the network.
    /// - Parameters:
    ///   - host: A name, or an address as text.
    ///   - port: The port that the address is to have.
    ///   - isPassive: Whether it is to be listened on, rather than connected to: then `::` and `0.0.0.0` mean all
    ///     addresses of this host.
    public static func resolve(
        host: String,
        port: UInt16,
        isPassive: Bool = false
    ) throws(UnknownHostError) -> SocketAddress {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_NUMERICSERV | (isPassive ? AI_PASSIVE : 0)
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let first = unsafe found else {
            throw UnknownHostError(host: host, reason: unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(first) }
        return unsafe SocketAddress(copying: first.pointee.ai_addr, length: first.pointee.ai_addrlen)
    }

    /// A unix socket's address, or `nil` when the path is longer than the 107 bytes that the system takes.
    public init?(path: String) {
        self.init(unix: Array(path.utf8), length: MemoryLayout<sockaddr_un>.size)
    }

    /// The address of a unix socket that has a name of the kernel's rather than a path (unix(7)), or `nil` when it is too long.
    public init?(abstractName name: String) {
        let bytes = [0] + Array(name.utf8)
        self.init(unix: bytes, length: MemoryLayout<sa_family_t>.size + bytes.count)
    }

    private init?(unix bytes: [UInt8], length: Int) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard bytes.count <= room else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        self = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe SocketAddress(copying: $0, length: socklen_t(length))
            }
        }
    }

    /// Where a socket is bound (getsockname(2)). `nil` when it is none.
    public init?(boundBy descriptor: CInt) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { return nil }
        self.init(storage, length: length)
    }

    /// What the address says. `nil` for an address of another family than TCP's and unix sockets'.
    public var content: Content? {
        unsafe withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET:
                let address = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
                let ip = IPAddress(ipv4: UInt32(bigEndian: address.sin_addr.s_addr))
                return .ip(ip, port: UInt16(bigEndian: address.sin_port))
            case AF_INET6:
                let address = unsafe bytes.loadUnaligned(as: sockaddr_in6.self)
                return .ip(IPAddress(ipv6: UInt128(address.sin6_addr)), port: UInt16(bigEndian: address.sin6_port))
            case AF_UNIX:
                let path = unsafe bytes.prefix(Int(length)).dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 }
                return unsafe .unix(path: String(decoding: path, as: UTF8.self))
            default:
                return nil
            }
        }
    }

    /// bind(2).
    public func bind(_ descriptor: CInt) throws(SystemError) {
        guard unsafe withPointer({ unsafe Glibc.bind(descriptor, $0, length) }) == 0 else { throw SystemError("bind") }
    }

    /// connect(2).
    public func connect(_ descriptor: CInt) throws(SystemError) {
        guard unsafe withPointer({ unsafe Glibc.connect(descriptor, $0, length) }) == 0 else {
            throw SystemError("connect")
        }
    }

    private func withPointer(_ body: (UnsafePointer<sockaddr>) -> CInt) -> CInt {
        unsafe withUnsafePointer(to: storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
        }
    }
}

/// A host name that means no address.
public struct UnknownHostError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was asked for.
    public var host: String
    /// The resolver's words.
    public var reason: String

    /// The host and the reason in one line.
    public var description: String { "\(host): \(reason)" }
}
