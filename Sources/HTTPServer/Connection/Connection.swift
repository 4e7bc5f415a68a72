import Linux

/// One client's connection. While it is idle this object, its place in two tables, and the kernel's socket are all there
/// is of it.
final class Connection {
    /// The number of its descriptor, which stays the same when the descriptor is closed.
    let socket: CInt
    let peer: PeerAddress
    var state = State.idle
    /// Whether the state is ``State/closed``: to look at the state itself costs a reference to what belongs to it.
    private(set) var isClosed = false
    private var descriptor: FileDescriptor?
    /// Whether the loop hears of what it does. Not while a handler takes long, when it would hear of it all the time.
    var isWatched = true
    /// Whether the server has ended while a handler had its turn: its socket is closed when that is over.
    var isAbandoned = false

    /// What a connection is doing. It does one thing at a time, and what it needs for that belongs to the state.
    enum State {
        /// Nothing of a request is here.
        case idle
        /// The beginning of a head is here.
        case readingHead(PendingInput)
        /// A head is here, and not all of the body.
        case readingBody(PendingInput)
        /// Has more requests in memory than one turn answers, and waits for the others to have their turn.
        case waitingForTurn(PendingInput)
        /// Has its turn: requests are read, answered by handlers, and their answers sent.
        case inTurn(Turn)
        /// The socket did not take all of an answer. Nothing is read meanwhile.
        case writing(UnsentOutput)
        /// Our side has ended after an answer. What the client still sends is dropped, until it ends its own side.
        case lingering(dropped: Int)
        /// Our side has ended on a connection on which nothing was asked, while draining.
        case halfClosed(dropped: Int)
        /// It is over.
        case closed
    }

    /// Whether nothing of a request is here. To switch over the state would cost a reference to what belongs to it.
    var isIdle: Bool { if case .idle = state { true } else { false } }

    init(_ client: consuming Acceptor.Client) {
        socket = client.descriptor.rawValue
        peer = client.peer
        descriptor = .some(client.descriptor)
    }

    /// close(2).
    func close() {
        state = .closed
        isClosed = true
        descriptor = nil
    }
}
