import CLinux
import Glibc

/// A running server: one epoll(7) loop over non-blocking sockets.
///
/// All state is in this one value and none is bound to a thread. It is a value that cannot be copied, so that the compiler
/// and not the running program sees to it that nobody changes it while somebody else does.
/// A connection always waits for exactly one thing, which
/// ``DeadlineLists`` knows; what it does when its descriptor is ready follows from that. Files beside this one hold
/// the verbs: accepting, receiving, answering, and waiting in vain.
struct EventLoop: ~Copyable {
    let configuration: ServerConfiguration
    let limits: HeadParser.Limits
    let dispatcher: Dispatcher
    let context: ServerContext
    let observer: (any ServerObserver)?
    let status: ServerStatus
    /// -1 when nobody is let in.
    let listener: CInt
    let shutdown: CInt
    /// Whether nobody else serves on the listener when this loop has ended.
    let isLast: () -> Bool

    let epoll: Epoll
    /// By descriptor. An event for a descriptor that was closed and opened again within one batch finds the new
    /// connection, which then reads nothing: harmless.
    var connections: [Connection?] = []
    var openCount = 0
    /// The memory of requests that have not arrived whole.
    var bufferedSize = BufferedSize()
    private var crowdMemory = CrowdMemory()
    var deadlines: DeadlineLists
    /// Connections with further requests in memory, which wait for the others to have their turn.
    var turns: [CInt] = []
    /// What this wake has brought so far, one behind the other in ``sharedInput``.
    var arrivals = Arrivals()

    /// The time of the last look at the clock: after each wait, and after each handler.
    var now: Int64
    var date = DateHeader()
    var processorTime = ProcessorTime()
    var ids = RequestID.Sequence()

    /// What connections without bytes of their own receive into.
    var sharedInput = InputBlock(capacity: EventLoop.sharedInputSize)
    var output = OutputBuffer(capacity: EventLoop.usualOutputSize)
    var spareRecords: [RequestRecord] = []
    /// Answered, not yet reported.
    var finished: [RequestRecord] = []
    var answeredCount = 0

    var acceptance: Acceptance
    var drain: Drain?

    /// One recv(2) takes this much: many pipelined requests, or a body of 64 KiB and its head.
    static let sharedInputSize = 80 * 1024
    /// Answers of one turn usually fit; the memory of larger ones is given back.
    static let usualOutputSize = 64 * 1024

    /// The end of a server.
    struct Drain {
        /// Until then, connections are accepted.
        let graceEnd: Int64
        /// Then whatever is left is cut.
        let deadline: Int64
    }

    init(
        configuration: ServerConfiguration,
        router: Router,
        observer: (any ServerObserver)?,
        status: ServerStatus,
        listener: CInt?,
        shutdown: CInt,
        isLast: @escaping () -> Bool
    ) throws(ServerError) {
        self.configuration = configuration
        limits = HeadParser.Limits(configuration)
        let routes = RouteTable(router, configuration)
        dispatcher = Dispatcher(routes: routes)
        context = ServerContext(routes: routes, trustedProxies: configuration.trustedProxies)
        self.observer = observer
        self.status = status
        self.listener = listener ?? -1
        self.shutdown = shutdown
        self.isLast = isLast
        deadlines = DeadlineLists(configuration)
        now = MonotonicClock.now()
        let epoll = try Epoll()
        guard epoll.add(shutdown, .readEdge) else { throw ServerError(call: "epoll_ctl", errno: errno) }
        acceptance = try Acceptance(of: listener, with: epoll)
        self.epoll = epoll
    }

    mutating func run() {
        date.update(now: now)
        while true {
            let count = epoll.wait(timeout: timeout)
            now = MonotonicClock.now()
            date.update(now: now)
            processorTime.wake()
            var mayAccept = false
            for index in 0..<count {
                let descriptor = epoll.ready(index)
                if descriptor == listener {
                    mayAccept = true
                } else if descriptor == shutdown {
                    processArrivals()
                    beginDraining()
                    setGrace()
                } else if let connection = connections[Int(descriptor)] {
                    serve(connection)
                }
            }
            processArrivals()
            takeTurns()
            // Last, so that a busy process leaves newcomers to idle siblings for as long as its work takes.
            if mayAccept { acceptBatch() }
            expire()
            crowdMemory.update(open: openCount)
            if drain != nil, isDrained() { return }
        }
    }

    /// Does what the connection waited for.
    private mutating func serve(_ connection: Connection) {
        switch deadlines.wait(of: connection.socket) {
        case .head, .body, .idle, .grace: collect(connection)
        case .write: sendRest(connection)
        case .linger, .parting, .lastLinger: dropInput(connection)
        case nil: break
        }
    }

    /// Gives each connection that has requests left over another turn.
    private mutating func takeTurns() {
        guard !turns.isEmpty else { return }
        let waiting = turns
        turns.removeAll(keepingCapacity: true)
        for descriptor in waiting {
            guard let connection = connections[Int(descriptor)], connection.isWaitingForTurn else { continue }
            connection.isWaitingForTurn = false
            process(connection, connection.bytes, in: connection.input!)
        }
    }

    /// Milliseconds until something is due; -1 when nothing is.
    private var timeout: CInt {
        guard turns.isEmpty else { return 0 }
        var nearest = deadlines.next ?? .max
        if let resumption = acceptance.resumption { nearest = min(nearest, resumption) }
        if let drain { nearest = min(nearest, acceptance.isOver ? drain.deadline : drain.graceEnd) }
        guard nearest != .max else { return -1 }
        return CInt(clamping: max(0, (nearest - now + 999_999) / 1_000_000))
    }

    // MARK: The life of a connection

    mutating func open(_ socket: CInt, peer: PeerAddress) {
        let connection = Connection(socket: socket, peer: peer)
        while connections.count <= Int(socket) { connections.append(nil) }
        connections[Int(socket)] = connection
        openCount += 1
        deadlines.arm(socket, drain == nil ? .head : .grace, now: now)
        observer?.connectionsChanged(open: openCount)
        guard epoll.add(socket, .read) else { return close(connection) }
    }

    mutating func close(_ connection: Connection) {
        deadlines.disarm(connection.socket)
        connections[Int(connection.socket)] = nil
        connection.isWaitingForTurn = false
        connection.record = nil
        hold(nil, 0..<0, of: connection)
        openCount -= 1
        _ = Glibc.close(connection.socket)
        observer?.connectionsChanged(open: openCount)
        // A pause has its own end.
        if acceptance.resumption == nil { resumeAccepting() }
    }

    func isOpen(_ connection: Connection) -> Bool { connections[Int(connection.socket)] === connection }

    /// Ends our side, and reads on until the client ends its own: a socket closed with unread bytes resets the
    /// connection, and a reset takes the answer with it (RFC 9112 section 9.6).
    mutating func linger(_ connection: Connection) {
        connection.progress = 0
        _ = Glibc.shutdown(connection.socket, CInt(SHUT_WR))
        deadlines.arm(connection.socket, drain == nil ? .linger : .lastLinger, now: now)
    }

    /// Ends a connection on which nothing was asked, while draining.
    ///
    /// HTTP/1.1 has no word for "ask no more" but the end itself, and a request may cross it on the wire. This much can be
    /// known: when the client's system has acknowledged the end, what it had sent before is here. If that is nothing,
    /// nothing was lost and nobody is waited for: who sends now does so with the end in his hands. If it is something,
    /// a request was missed, and is not passed over in silence.
    mutating func part(from connection: Connection) {
        connection.progress = 0
        _ = Glibc.shutdown(connection.socket, CInt(SHUT_WR))
        deadlines.arm(connection.socket, .parting, now: now)
        keepParting(connection)
    }

    /// Closes the connection if its end is known over there and nothing came before.
    mutating func keepParting(_ connection: Connection) {
        // Asked first, and read after that.
        let isKnown = clinux_end_is_acknowledged(connection.socket)
        dropInput(connection)
        guard isOpen(connection) else { return }
        let since = deadlines.since(of: connection.socket)
        if isKnown && !connection.isClosing || now >= since + configuration.drainGrace.nanoseconds {
            close(connection)
        } else {
            // Systems acknowledge at once or within some tens of milliseconds.
            deadlines.arm(connection.socket, .parting, since: since, until: now + DeadlineLists.acknowledgementLook)
        }
    }
}
