import CLinux
import Glibc

/// A socket address in the kernel's form, and the way to it and back from text.
struct SocketAddress {
    private var storage: sockaddr_storage
    private var length: socklen_t

    var family: sa_family_t { storage.ss_family }

    /// bind(2).
    func bind(_ descriptor: CInt) -> CInt {
        unsafe withPointer { unsafe Glibc.bind(descriptor, $0, length) }
    }

    /// connect(2).
    func connect(_ descriptor: CInt) -> CInt {
        unsafe withPointer { unsafe Glibc.connect(descriptor, $0, length) }
    }

    private func withPointer(_ body: (UnsafePointer<sockaddr>) -> CInt) -> CInt {
        unsafe withUnsafePointer(to: storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0) }
        }
    }

    private init(copying address: UnsafePointer<sockaddr>, length: socklen_t) {
        var storage = sockaddr_storage()
        let size = min(Int(length), MemoryLayout<sockaddr_storage>.size)
        unsafe withUnsafeMutableBytes(of: &storage) { unsafe $0.copyMemory(from: .init(start: address, count: size)) }
        self.storage = storage
        self.length = socklen_t(size)
    }

    /// The first address that a host name or a numeric address means (getaddrinfo(3)).
    static func resolve(host: String, port: UInt16) throws(ListenerError) -> SocketAddress {
        var hints = unsafe addrinfo()
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let first = unsafe found else {
            throw .unknownHost(host, reason: unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(first) }
        return unsafe SocketAddress(copying: first.pointee.ai_addr, length: first.pointee.ai_addrlen)
    }

    /// A unix socket's address, or `nil` when the path is too long.
    init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard bytes.count <= room else { return nil }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        self = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe SocketAddress(copying: $0, length: socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    /// Where a socket is bound.
    static func local(of descriptor: CInt) -> ListenAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { storage in
            unsafe storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        guard result == 0 else { return nil }
        let family = storage.ss_family
        return unsafe withUnsafeBytes(of: &storage) { bytes in
            switch CInt(family) {
            case AF_INET:
                var address = unsafe bytes.loadUnaligned(as: sockaddr_in.self)
                return unsafe tcp(AF_INET, &address.sin_addr, port: address.sin_port)
            case AF_INET6:
                var address = unsafe bytes.loadUnaligned(as: sockaddr_in6.self)
                return unsafe tcp(AF_INET6, &address.sin6_addr, port: address.sin6_port)
            case AF_UNIX:
                let path = unsafe bytes.dropFirst(MemoryLayout<sa_family_t>.size).prefix { $0 != 0 }
                return unsafe .unix(path: String(decoding: path, as: UTF8.self))
            default:
                return nil
            }
        }
    }

    private static func tcp(_ family: CInt, _ address: UnsafeRawPointer, port: in_port_t) -> ListenAddress? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            guard let base = text.baseAddress,
                unsafe inet_ntop(family, address, base, socklen_t(INET6_ADDRSTRLEN)) != nil
            else { return nil }
            return unsafe .tcp(host: String(cString: base), port: UInt16(bigEndian: port))
        }
    }
}
