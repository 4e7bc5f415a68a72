import Glibc
import Linux

/// The client's end of a connection to an engine, which gets to work when there is something to read.
public final class LiveConnection {
    private var engine: Engine
    private let connection: Connection
    private let client: CInt
    private var received = [UInt8](repeating: 0, count: 64 * 1024)

    /// A connection that is open, and an engine that has no other.
    public init(router: Router, observer: any ServerObserver, listener: CInt?, shutdown: CInt) throws {
        let ofThread = observer.requestObserver(forThread: 0)
        let configuration = ServerConfiguration()
        let dispatcher = Dispatcher(routes: RouteTable(router, configuration))
        let loop = try EventLoop(
            configuration: configuration,
            dispatcher: dispatcher,
            observer: observer,
            listener: listener,
            shutdown: shutdown,
            isLast: { false }
        )
        engine = Engine(loop: loop, answerer: RequestAnswerer(dispatcher, observer: ofThread))
        engine.loop.requestObserver = ofThread
        var ends: [CInt] = [0, 0]
        precondition(unsafe socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        client = ends[0]
        guard let peer = PeerAddress(text: "192.0.2.1") else { preconditionFailure("192.0.2.1 is an address") }
        engine.loop.open(Acceptor.Client(descriptor: FileDescriptor(owning: ends[1]), peer: peer))
        guard let opened = engine.loop.connections[ends[1]] else { preconditionFailure("the connection is not open") }
        connection = opened
    }

    /// Sends a request, has it answered, takes the answer. The wait for the socket to be ready is left out.
    public func exchange(_ request: [UInt8]) -> ArraySlice<UInt8> {
        precondition(unsafe send(client, request, request.count, 0) == request.count)
        engine.answer(connection)
        let count = unsafe recv(client, &received, received.count, 0)
        precondition(count > 0, "the connection was closed")
        return received[..<count]
    }
}

/// As ``Server`` has it, to which loop and answerer are at hand.
private struct Engine: ~Copyable {
    var loop: EventLoop
    var answerer: RequestAnswerer

    init(loop: consuming EventLoop, answerer: consuming RequestAnswerer) {
        self.loop = loop
        self.answerer = answerer
    }

    mutating func answer(_ connection: Connection) {
        loop.serve(connection)
        while let turn = loop.nextReceived() {
            answerer.begin(turn, now: loop.clock.now, wokeAt: loop.clock.wokeAt)
            let response = answerer.answer(turn)
            loop.complete(turn, with: response)
        }
    }
}

extension EventLoop {
    /// The next turn of what has been received, without waiting for more.
    fileprivate mutating func nextReceived() -> Turn? {
        if let turn = answerable.next() { return turn }
        if let entry = batch.next() { begin(entry) } else { batch.restart() }
        return answerable.next()
    }
}
