/// Why a service cannot listen, and what to do about it.
public enum ListenerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another process listens there.
    case addressInUse(ListenAddress)
    /// This user may not listen there.
    case notPermitted(ListenAddress)
    /// The address is not one of this host's.
    case addressNotAvailable(ListenAddress)
    /// The host name means no address.
    case unknownHost(String, reason: String)
    /// A unix socket's path is longer than the 107 bytes that the system takes.
    case pathTooLong(String)
    /// There is something else than a socket at the path.
    case notASocket(path: String)
    /// What was inherited by `LISTEN_FDS` is not one listening stream socket.
    case badInheritance(String)
    /// A signal ended the wait for an address in use.
    case toldToStop
    /// Any other failure, with the call and the system's reason.
    case failed(ListenAddress, call: String, reason: String)

    /// What failed and what to do, in one line.
    public var description: String {
        switch self {
        case .addressInUse(.tcp(let host, let port)):
            "cannot listen on \(ListenAddress.tcp(host: host, port: port)): another process does. "
                + "Find it with `ss -ltnp 'sport = :\(port)'`, or set another PORT (0 takes any free one)."
        case .addressInUse(.unix(let path)):
            "cannot listen on \(path): another process does. Find it with `ss -lxp src \(path)`, or choose another path."
        case .notPermitted(.tcp(let host, let port)):
            "not permitted to listen on \(ListenAddress.tcp(host: host, port: port)). "
                + "Ports below 1024 need CAP_NET_BIND_SERVICE; set a PORT from 1024 on."
        case .notPermitted(.unix(let path)):
            "not permitted to create the socket \(path). Make its directory writable for this user, or choose another path."
        case .addressNotAvailable(let address):
            "cannot listen on \(address): this host has no such address. Set HOST to one that `ip address` shows, or to ::"
        case .unknownHost(let host, let reason):
            "cannot listen on \(host): \(reason). Set HOST to an address of this host, or to ::"
        case .pathTooLong(let path):
            "the socket path \(path) is too long: the system takes 107 bytes. Choose a shorter one."
        case .notASocket(let path):
            "cannot listen on \(path): there is something else than a socket. Remove it, or choose another path."
        case .badInheritance(let reason):
            "cannot use the socket that LISTEN_FDS passes: \(reason). Pass exactly one listening stream socket."
        case .toldToStop:
            "told to stop while the address was in use."
        case .failed(let address, let call, let reason):
            "cannot listen on \(address): \(call) failed: \(reason)."
        }
    }
}
