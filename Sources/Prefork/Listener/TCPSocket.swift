import CLinux
import Glibc

/// Making a TCP socket that listens (tcp(7), ipv6(7)).
enum TCPSocket {
    static func listen(host: String, port: UInt16, backlog: CInt) throws(ListenerError) -> CInt {
        let address = ListenAddress.tcp(host: host, port: port)
        do throws(ListenerError) {
            return try listen(on: SocketAddress.resolve(host: host, port: port), named: address, backlog: backlog)
        } catch {
            // A host without IPv6 still has all its IPv4 addresses.
            guard host == "::", case .failed(_, call: "socket", _) = error.orUnavailable else { throw error }
            let fallback = try SocketAddress.resolve(host: "0.0.0.0", port: port)
            return try listen(on: fallback, named: address, backlog: backlog)
        }
    }

    private static func listen(
        on socketAddress: SocketAddress,
        named address: ListenAddress,
        backlog: CInt
    ) throws(ListenerError) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(CInt(socketAddress.family), kind, 0)
        guard descriptor >= 0 else { throw ListenerError(address, call: "socket") }
        do throws(ListenerError) {
            // Connections of a former run that linger in TIME_WAIT must not keep us from listening again.
            try set(SO_REUSEADDR, level: SOL_SOCKET, to: 1, on: descriptor, address)
            if socketAddress.family == sa_family_t(AF_INET6) {
                // `::` takes IPv4 too, whatever net.ipv6.bindv6only says.
                try set(IPV6_V6ONLY, level: CInt(IPPROTO_IPV6), to: 0, on: descriptor, address)
            }
            guard socketAddress.bind(descriptor) == 0 else {
                throw ListenerError(address, call: "bind")
            }
            guard Glibc.listen(descriptor, backlog) == 0 else { throw ListenerError(address, call: "listen") }
            return descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    private static func set(
        _ option: CInt,
        level: CInt,
        to value: CInt,
        on descriptor: CInt,
        _ address: ListenAddress
    ) throws(ListenerError) {
        var value = value
        let size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe setsockopt(descriptor, level, option, &value, size) == 0 else {
            throw ListenerError(address, call: "setsockopt")
        }
    }
}

extension ListenerError {
    /// What the last failed call means for an address.
    init(_ address: ListenAddress, call: String) {
        let code = errno
        switch code {
        case EADDRINUSE: self = .addressInUse(address)
        case EACCES, EPERM: self = .notPermitted(address)
        case EADDRNOTAVAIL: self = .addressNotAvailable(address)
        default: self = .failed(address, call: call, reason: SystemError(call, code: code).reason)
        }
    }

    /// Without IPv6 either no such socket can be made, or `::` is no address of the host.
    fileprivate var orUnavailable: ListenerError {
        if case .addressNotAvailable(let address) = self { .failed(address, call: "socket", reason: "") } else { self }
    }
}
