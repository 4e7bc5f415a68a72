import CLinux
import Glibc
import Linux

/// Lets clients in: how the loop stands to the listener, which it shares with other processes.
struct Acceptor: ~Copyable {
    /// -1 when nobody is let in.
    let listener: CInt
    private let observer: (any ServerObserver)?
    /// A descriptor kept for the day when there is none left: closed, it makes room to accept a client and tell it so.
    private var reserve: FileDescriptor?
    private var isWatching = false
    private var sinceReordering = 0
    /// When to look at the listener again after the system had no room.
    private(set) var resumption: Int64?
    /// Whether draining is so far that nobody new is let in.
    private(set) var isOver = false
    /// Whether the listener was found ready, and nobody has been accepted since.
    var isReady = false

    /// Accepted in one go. Few, because epoll wakes siblings in a fixed order: who takes all it can starves the others
    /// of new connections, and its own of their turn.
    static let batchSize = 4
    /// Accepts after which the listener is registered anew, which puts this process last among those to be woken.
    private static let acceptsPerReordering = 16
    /// How long to leave the listener alone when the system has no room: 100 ms.
    private static let pause: Int64 = 100_000_000

    /// Who has been let in.
    struct Client: ~Copyable {
        let descriptor: FileDescriptor
        let peer: PeerAddress

        init(descriptor: consuming FileDescriptor, peer: PeerAddress) {
            self.descriptor = descriptor
            self.peer = peer
        }

        /// One that a sibling has let in (getpeername(2)).
        init(descriptor: consuming FileDescriptor) {
            var address = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let socket = descriptor.rawValue
            _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe getpeername(socket, $0, &length)
                }
            }
            self.init(descriptor: descriptor, peer: PeerAddress(address))
        }
    }

    /// What came of accepting.
    enum Outcome: ~Copyable {
        case client(Client)
        /// The client has left already, or its network has failed.
        case gone
        /// There is a client, and no descriptor for it.
        case noDescriptor
        /// There is nobody, or the system has no room.
        case nobody
    }

    init(
        _ listener: CInt?,
        observer: (any ServerObserver)?,
        watchedBy epoll: borrowing Epoll
    ) throws(SystemError) {
        self.listener = listener ?? -1
        self.observer = observer
        guard let listener else {
            isOver = true
            return
        }
        // Accepted sockets inherit it; on a unix socket it fails, and is not needed.
        var one: CInt = 1
        _ = unsafe setsockopt(listener, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        guard epoll.add(listener, .readExclusive) else { throw SystemError("epoll_ctl") }
        isWatching = true
        openReserve()
    }

    /// Whether clients are to be accepted when the listener is ready.
    var isAccepting: Bool { isWatching }

    /// Accepts one client. When it is open, ``giveWay(now:_:)``.
    mutating func accept(now: Int64, _ epoll: borrowing Epoll) -> Outcome {
        if let client = acceptNow() { return .client(client) }
        switch errno {
        case EAGAIN:
            return .nobody
        case EMFILE, ENFILE:
            return .noDescriptor
        case ECONNABORTED, EINTR, EPERM, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ENOPROTOOPT,
            EOPNOTSUPP:
            // accept(2).
            return .gone
        default:
            // No memory, or a listener that is none: not to be asked again at once.
            pause(now: now, epoll)
            return .nobody
        }
    }

    /// Out of descriptors: accepts a client on the reserve. It has to be told, and shown out, before
    /// ``renewReserve(hasAccepted:now:_:)``.
    mutating func acceptOnReserve() -> Client? {
        reserve = nil
        return acceptNow()
    }

    /// - Returns: Whether there may be more to accept.
    mutating func renewReserve(hasAccepted: Bool, now: Int64, _ epoll: borrowing Epoll) -> Bool {
        openReserve()
        let hasReserve = reserve != nil
        guard hasAccepted, hasReserve else {
            pause(now: now, epoll)
            return false
        }
        return true
    }

    /// Looks at the listener again, unless a pause has its own end. The caller has room for clients.
    mutating func resume(now: Int64, _ epoll: borrowing Epoll) {
        guard !isWatching, !isOver, resumption == nil else { return }
        startWatching(now: now, epoll)
    }

    /// Ends a pause when it is over.
    mutating func endPause(now: Int64) -> Bool {
        guard let resumption, resumption <= now else { return false }
        self.resumption = nil
        return true
    }

    /// Leaves the listener to siblings.
    mutating func stopWatching(_ epoll: borrowing Epoll) {
        guard isWatching else { return }
        epoll.remove(listener)
        isWatching = false
    }

    /// Lets nobody in any more.
    mutating func finish(_ epoll: borrowing Epoll) {
        stopWatching(epoll)
        isOver = true
        resumption = nil
    }

    /// Steps behind the siblings when this process has let in its share.
    mutating func giveWay(now: Int64, _ epoll: borrowing Epoll) {
        guard isWatching else { return }
        sinceReordering += 1
        guard sinceReordering == Self.acceptsPerReordering else { return }
        sinceReordering = 0
        stopWatching(epoll)
        startWatching(now: now, epoll)
    }

    private mutating func pause(now: Int64, _ epoll: borrowing Epoll) {
        stopWatching(epoll)
        resumption = now + Self.pause
    }

    /// Without memory for it in the kernel, tries again in a moment: a worker that does not watch the listener is deaf.
    private mutating func startWatching(now: Int64, _ epoll: borrowing Epoll) {
        isWatching = epoll.add(listener, .readExclusive)
        guard !isWatching else { return }
        observer?.listenerNotWatched(because: SystemError("epoll_ctl"))
        resumption = now + Self.pause
    }

    private mutating func openReserve() {
        reserve = try? FileDescriptor.open("/dev/null", O_RDONLY)
    }

    /// accept4(2).
    private func acceptNow() -> Client? {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let socket = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe clinux_accept(listener, $0, &length)
            }
        }
        guard socket >= 0 else { return nil }
        return Client(descriptor: FileDescriptor(owning: socket), peer: PeerAddress(address))
    }
}
