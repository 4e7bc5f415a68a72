import Glibc
import Linux

/// Making a TCP socket that listens (tcp(7), ipv6(7)).
enum TCPSocket {
    static func listen(host: String, port: UInt16, backlog: Int) throws(ListenerError) -> FileDescriptor {
        let socket = try bind(host: host, port: port)
        do throws(SystemError) {
            try socket.listen(backlog: backlog)
        } catch {
            throw ListenerError(.tcp(host: host, port: port), error)
        }
        return socket
    }

    /// Binds, and lets go again.
    static func tryToBind(host: String, port: UInt16) throws(ListenerError) {
        _ = try bind(host: host, port: port)
    }

    private static func bind(host: String, port: UInt16) throws(ListenerError) -> FileDescriptor {
        let address = ListenAddress.tcp(host: host, port: port)
        let socketAddress = try resolve(host, port)
        do throws(SystemError) {
            return try bind(to: socketAddress)
        } catch {
            // A host without IPv6 still has all its IPv4 addresses: either no such socket can be made, or `::` is no address
            // of the host.
            guard host == "::", error.call == "socket" || error.code == EADDRNOTAVAIL else {
                throw ListenerError(address, error)
            }
        }
        let fallback = try resolve("0.0.0.0", port)
        do throws(SystemError) {
            return try bind(to: fallback)
        } catch {
            throw ListenerError(address, error)
        }
    }

    private static func resolve(_ host: String, _ port: UInt16) throws(ListenerError) -> SocketAddress {
        do throws(UnknownHostError) {
            return try SocketAddress.resolve(host: host, port: port, isPassive: true)
        } catch {
            throw .unknownHost(host, reason: error.reason)
        }
    }

    private static func bind(to address: SocketAddress) throws(SystemError) -> FileDescriptor {
        let socket = try FileDescriptor.streamSocket(family: address.family)
        // Connections of a former run that linger in TIME_WAIT must not keep us from listening again.
        try socket.setOption(SO_REUSEADDR, to: 1)
        // `::` takes IPv4 too, whatever net.ipv6.bindv6only says.
        if address.family == AF_INET6 { try socket.setOption(IPV6_V6ONLY, level: CInt(IPPROTO_IPV6), to: 0) }
        try address.bind(socket.rawValue)
        return socket
    }
}

extension ListenerError {
    /// What a failed call means for an address.
    init(_ address: ListenAddress, _ error: SystemError) {
        switch error.code {
        case EADDRINUSE: self = .addressInUse(address)
        case EACCES, EPERM: self = .notPermitted(address)
        case EADDRNOTAVAIL: self = .addressNotAvailable(address)
        default: self = .failed(address, call: error.call, reason: error.reason)
        }
    }
}
