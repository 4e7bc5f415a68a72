import CLinux
import Glibc
import HTTPTypes

/// How the loop stands to the listener.
struct Acceptance: ~Copyable {
    /// A descriptor kept for the day when there is none left: closed, it makes room to accept a client and tell it so.
    fileprivate var reserve: CInt
    fileprivate var isWatching = false
    fileprivate var sinceReordering = 0
    /// When to look at the listener again after the system had no room.
    var resumption: Int64?
    /// Whether draining is so far that nobody new is let in.
    fileprivate(set) var isOver = false

    init(of listener: CInt?, with epoll: borrowing Epoll) throws(ServerError) {
        guard let listener else {
            isOver = true
            reserve = -1
            return
        }
        // Accepted sockets inherit it; on a unix socket it fails, and is not needed.
        var one: CInt = 1
        _ = unsafe setsockopt(listener, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        guard epoll.add(listener, .readExclusive) else { throw ServerError(call: "epoll_ctl", errno: errno) }
        isWatching = true
        reserve = Self.openReserve()
    }

    deinit {
        if reserve >= 0 { _ = Glibc.close(reserve) }
    }

    fileprivate static func openReserve() -> CInt { unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }
}

extension EventLoop {
    /// Accepted in one go. Few, because epoll wakes siblings in a fixed order: who takes all it can starves the others
    /// of new connections, and its own of their turn.
    private static let acceptBatchSize = 4
    /// Accepts after which the listener is registered anew, which puts this process last among those to be woken.
    private static let acceptsPerReordering = 16
    /// How long to leave the listener alone when the system has no room: 100 ms.
    private static let acceptPause: Int64 = 100_000_000

    private static let noDescriptor = Problem(
        .serviceUnavailable,
        detail: "The server has as many connections as it can.",
        headerFields: [.retryAfter: "1"]
    )

    mutating func acceptBatch() {
        guard acceptance.isWatching else { return }
        for _ in 0..<Self.acceptBatchSize {
            guard acceptOne() else { return }
            // At once: to be told of a client and not let it in would keep the news from siblings that have room.
            guard openCount < configuration.maxConnections else { return stopWatching() }
        }
    }

    /// accept4(2).
    private func accept() -> (socket: CInt, peer: PeerAddress) {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let socket = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe clinux_accept(listener, $0, &length)
            }
        }
        return (socket, PeerAddress(address))
    }

    /// - Returns: Whether there may be more to accept.
    private mutating func acceptOne() -> Bool {
        let (socket, peer) = accept()
        guard socket < 0 else {
            open(socket, peer: peer)
            reorder()
            return true
        }
        switch errno {
        case EAGAIN:
            return false
        case EMFILE, ENFILE:
            return refuseOne()
        case ECONNABORTED, EINTR, EPERM, EPROTO, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, ENOPROTOOPT,
            EOPNOTSUPP:
            // The client has left already, or its network has failed (accept(2)).
            return true
        default:
            // No memory, or a listener that is none: not to be asked again at once.
            pauseAccepting()
            return false
        }
    }

    /// Out of descriptors: lets one client in on the reserve, tells it, and shows it out.
    private mutating func refuseOne() -> Bool {
        if acceptance.reserve >= 0 { _ = Glibc.close(acceptance.reserve) }
        let (socket, peer) = accept()
        if socket >= 0 {
            refuse(Connection(socket: socket, peer: peer), Self.noDescriptor)
            _ = Glibc.shutdown(socket, CInt(SHUT_WR))
            // What it has sent must be read, or closing would reset the connection and take the answer away.
            _ = sharedInput.receive(from: socket, at: 0)
            _ = Glibc.close(socket)
        }
        acceptance.reserve = Acceptance.openReserve()
        if socket < 0 || acceptance.reserve < 0 {
            pauseAccepting()
            return false
        }
        return true
    }

    private mutating func reorder() {
        guard acceptance.isWatching else { return }
        acceptance.sinceReordering += 1
        guard acceptance.sinceReordering == Self.acceptsPerReordering else { return }
        acceptance.sinceReordering = 0
        stopWatching()
        startWatching()
    }

    private mutating func pauseAccepting() {
        stopWatching()
        acceptance.resumption = now + Self.acceptPause
    }

    /// Without memory for it in the kernel, tries again in a moment: a worker that does not watch the listener is deaf.
    private mutating func startWatching() {
        acceptance.isWatching = epoll.add(listener, .readExclusive)
        guard !acceptance.isWatching else { return }
        observer?.listenerNotWatched(because: ServerError(call: "epoll_ctl", errno: errno))
        acceptance.resumption = now + Self.acceptPause
    }

    private mutating func stopWatching() {
        guard acceptance.isWatching else { return }
        epoll.remove(listener)
        acceptance.isWatching = false
    }

    /// Looks at the listener again, when there is room.
    mutating func resumeAccepting() {
        guard !acceptance.isWatching, !acceptance.isOver, openCount < configuration.maxConnections else { return }
        acceptance.resumption = nil
        startWatching()
    }

    /// Lets in everybody who is connected already, and nobody after that.
    mutating func finishAccepting() {
        now = MonotonicClock.now()
        sweep()
        stopWatching()
        acceptance.isOver = true
        acceptance.resumption = nil
    }

    /// Empties the accept queue.
    mutating func sweep() {
        while !acceptance.isOver, acceptOne() {}
    }
}
