import Glibc

/// The client's end of a connection to an engine, which gets to work when there is something to read.
public final class LiveConnection {
    private var loop: EventLoop
    private let connection: Connection
    private let client: CInt
    private var received = [UInt8](repeating: 0, count: 64 * 1024)

    /// A connection that is open, and an engine that has no other.
    public init(router: Router, observer: any ServerObserver, listener: CInt?, shutdown: CInt) throws {
        loop = try EventLoop(
            configuration: ServerConfiguration(),
            router: router,
            observer: observer,
            status: ServerStatus(),
            listener: listener,
            shutdown: shutdown,
            isLast: { false }
        )
        loop.date.update(now: loop.now)
        var ends: [CInt] = [0, 0]
        precondition(unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        client = ends[0]
        guard let peer = PeerAddress(text: "192.0.2.1") else { preconditionFailure("192.0.2.1 is an address") }
        loop.open(ends[1], peer: peer)
        guard let opened = loop.connections[Int(ends[1])] else { preconditionFailure("the connection is not open") }
        connection = opened
    }

    /// Sends a request, has it answered, takes the answer.
    public func exchange(_ request: [UInt8]) -> ArraySlice<UInt8> {
        precondition(unsafe send(client, request, request.count, 0) == request.count)
        loop.receive(connection)
        let count = unsafe recv(client, &received, received.count, 0)
        precondition(count > 0, "the connection was closed")
        return received[..<count]
    }
}
