import CLinux
import Glibc

/// epoll(7), level-triggered but for who asks for edges.
@safe struct Epoll: ~Copyable {
    /// How many events one wait can return.
    static let batch = 256

    struct Interest {
        fileprivate let bits: UInt32
        static let read = Interest(bits: CLINUX_EPOLLIN)
        /// Once for each time it becomes ready, though nobody reads it.
        static let readEdge = Interest(bits: CLINUX_EPOLLIN | CLINUX_EPOLLET)
        static let write = Interest(bits: CLINUX_EPOLLOUT)
        /// For a listener that other processes wait on as well: wakes one of them, not all.
        static let readExclusive = Interest(bits: CLINUX_EPOLLIN | CLINUX_EPOLLEXCLUSIVE)
    }

    private let descriptor: CInt
    private let events: UnsafeMutablePointer<epoll_event>

    init() throws(ServerError) {
        descriptor = epoll_create1(CLINUX_EPOLL_CLOEXEC)
        guard descriptor >= 0 else { throw ServerError(call: "epoll_create1", errno: errno) }
        unsafe events = .allocate(capacity: Self.batch)
    }

    deinit {
        unsafe events.deallocate()
        close(descriptor)
    }

    @discardableResult
    func add(_ watched: CInt, _ interest: Interest) -> Bool { control(EPOLL_CTL_ADD, watched, interest) }

    @discardableResult
    func modify(_ watched: CInt, _ interest: Interest) -> Bool { control(EPOLL_CTL_MOD, watched, interest) }

    func remove(_ watched: CInt) {
        // Kernels before 2.6.9 wanted an event here.
        control(EPOLL_CTL_DEL, watched, .read)
    }

    @discardableResult
    private func control(_ operation: CInt, _ watched: CInt, _ interest: Interest) -> Bool {
        var event = unsafe epoll_event()
        unsafe event.events = interest.bits
        unsafe event.data.fd = watched
        return unsafe epoll_ctl(descriptor, operation, watched, &event) == 0
    }

    /// Waits for events.
    /// - Parameter timeout: Milliseconds; -1 is forever.
    /// - Returns: How many descriptors are ready; ask ``ready(_:)`` for each.
    func wait(timeout: CInt) -> Int {
        max(0, Int(unsafe epoll_wait(descriptor, events, CInt(Self.batch), timeout)))
    }

    /// A descriptor that the last wait found ready.
    func ready(_ index: Int) -> CInt {
        precondition(index >= 0 && index < Self.batch)
        return unsafe events[index].data.fd
    }
}
