import Linux

/// Where a service listens.
public enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A TCP port on an address of this host. `::` means all addresses, IPv4 included. Port 0 means any free one.
    case tcp(host: String, port: UInt16)
    /// A unix socket in the file system.
    case unix(path: String)

    /// The TCP port, when it is one.
    public var port: UInt16? {
        if case .tcp(_, let port) = self { port } else { nil }
    }

    /// As people write it: `[::]:8080`, `127.0.0.1:8080`, `unix:/run/service.sock`.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Where a socket is bound. `nil` when it is neither TCP nor a unix socket.
    init?(boundBy descriptor: CInt) {
        switch SocketAddress(boundBy: descriptor)?.content {
        case .ip(let address, let port): self = .tcp(host: address.description, port: port)
        case .unix(let path): self = .unix(path: path)
        case nil: return nil
        }
    }

    /// Whether a socket is bound to this address; to any port when this one's is 0.
    func isBound(by descriptor: CInt) -> Bool {
        guard case .tcp(let host, let port) = self else { return ListenAddress(boundBy: descriptor) == self }
        guard case .tcp(let boundHost, let boundPort)? = ListenAddress(boundBy: descriptor),
            port == 0 || port == boundPort,
            let wanted = try? SocketAddress.resolve(host: host, port: boundPort, isPassive: true),
            case .ip(let address, _)? = wanted.content
        else { return false }
        return address.description == boundHost
    }
}
