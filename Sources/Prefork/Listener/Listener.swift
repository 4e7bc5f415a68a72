import Linux

/// The listening socket that all workers share: bound by this process, or inherited from who started it.
///
/// It is non-blocking and closed on exec. One socket for all workers means that a connection the kernel has accepted
/// is never lost because the worker it was meant for has left.
public final class Listener: Sendable {
    private let socket: FileDescriptor
    /// Where it listens, with the port that port 0 became.
    public let address: ListenAddress
    /// Whether somebody else holds the socket too, such as systemd, and will listen on it when this service has stopped.
    public let isShared: Bool

    /// What this process created in the file system, to remove just that.
    let file: SocketFile?

    /// How many connections may wait until a worker accepts them, unless the caller says otherwise. As many as current kernels
    /// allow: a client that finds the queue full tries again a second later, and loses more time than any queue costs.
    public static let defaultBacklog = 4096

    /// The longest backlog that the kernel gives a socket, whatever is asked for (net.core.somaxconn, listen(2)). `nil` where
    /// it does not tell.
    public static var longestBacklog: Int? {
        SystemFile.read("/proc/sys/net/core/somaxconn").flatMap { Int($0.prefix { $0 != "\n" }) }
    }

    /// The inherited listener when there is one (see ``inherited()``), else a new one on the address.
    public static func open(
        _ address: ListenAddress,
        backlog: Int = defaultBacklog
    ) throws(ListenerError) -> Listener {
        if let inherited = try inherited() { return inherited }
        return try Listener(on: address, backlog: backlog)
    }

    /// A new listener on an address.
    ///
    /// A unix socket that nobody listens on any more is replaced; one that is alive is never taken away.
    public convenience init(on address: ListenAddress, backlog: Int = defaultBacklog) throws(ListenerError) {
        switch address {
        case .tcp(let host, let port):
            let socket = try TCPSocket.listen(host: host, port: port, backlog: backlog)
            let bound = ListenAddress(boundBy: socket.rawValue) ?? address
            self.init(socket: socket, address: bound, isShared: false, file: nil)
        case .unix(let path):
            let socket = try UnixSocket.listen(path: path, backlog: backlog)
            self.init(socket: socket, address: address, isShared: false, file: SocketFile(at: path))
        }
    }

    init(socket: consuming FileDescriptor, address: ListenAddress, isShared: Bool, file: SocketFile?) {
        self.socket = socket
        self.address = address
        self.isShared = isShared
        self.file = file
    }

    /// The socket's descriptor, open for as long as this listener lives.
    public var descriptor: CInt { socket.rawValue }

    /// From now on nobody new is let in. Those in the queue can still be accepted, and handshakes under way still finish.
    ///
    /// Does nothing to a shared socket: its queue waits for the next one who listens.
    /// - Throws: When the kernel does not allow it. Then connections go on arriving until the socket is closed, and those
    ///   that nobody accepts until then are reset.
    func refuseNewConnections() throws(SystemError) {
        guard !isShared else { return }
        // The name in the file system is what new clients of a unix socket find it by.
        if let file { return file.remove() }
        guard case .tcp = address else { return }
        try socket.refuseNewConnections()
    }

    /// How many connections wait to be accepted.
    var waitingConnections: Int { socket.waitingConnections }

    /// How many handshakes the kernel has answered but not finished: connections about to wait. TCP only.
    var unfinishedHandshakes: Int {
        address.port.map { FileDescriptor.unfinishedHandshakes(port: $0) } ?? 0
    }
}
