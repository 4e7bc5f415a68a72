public import CLinux
import Glibc

/// epoll(7), level-triggered but for who asks for edges: waits for many descriptors at once.
@safe
@frozen
public struct Epoll: ~Copyable {
    /// How many events one wait can return.
    @inlinable public static var batch: Int { 256 }

    /// What to be told about a descriptor.
    @frozen
    public struct Interest: Sendable {
        @usableFromInline let bits: UInt32

        @inlinable
        init(bits: UInt32) { self.bits = bits }

        /// That it can be read.
        @inlinable public static var read: Interest { Interest(bits: CLINUX_EPOLLIN) }
        /// That it can be read, once for each time it becomes so, though nobody reads it.
        @inlinable public static var readEdge: Interest { Interest(bits: CLINUX_EPOLLIN | CLINUX_EPOLLET) }
        /// That it can be written.
        @inlinable public static var write: Interest { Interest(bits: CLINUX_EPOLLOUT) }
        /// For a listener that other processes wait on as well: wakes one of them, not all.
        @inlinable public static var readExclusive: Interest { Interest(bits: CLINUX_EPOLLIN | CLINUX_EPOLLEXCLUSIVE) }
    }

    @usableFromInline let descriptor: CInt
    @usableFromInline let events: UnsafeMutablePointer<epoll_event>

    /// A new one that watches nothing.
    public init() throws(SystemError) {
        descriptor = epoll_create1(CLINUX_EPOLL_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("epoll_create1") }
        unsafe events = .allocate(capacity: Self.batch)
    }

    deinit {
        unsafe events.deallocate()
        close(descriptor)
    }

    /// Watches a descriptor from now on. Says whether the kernel does.
    @discardableResult
    @inlinable
    public func add(_ watched: CInt, _ interest: Interest) -> Bool { control(EPOLL_CTL_ADD, watched, interest) }

    /// Watches a descriptor for something else from now on.
    @discardableResult
    @inlinable
    public func modify(_ watched: CInt, _ interest: Interest) -> Bool { control(EPOLL_CTL_MOD, watched, interest) }

    /// Watches a descriptor no longer. Closing the last descriptor of an open file does the same.
    @inlinable
    public func remove(_ watched: CInt) {
        // Kernels before 2.6.9 wanted an event here.
        control(EPOLL_CTL_DEL, watched, .read)
    }

    @discardableResult
    @inlinable
    func control(_ operation: CInt, _ watched: CInt, _ interest: Interest) -> Bool {
        var event = unsafe epoll_event()
        unsafe event.events = interest.bits
        unsafe event.data.fd = watched
        return unsafe epoll_ctl(descriptor, operation, watched, &event) == 0
    }

    /// Waits for events. One thread at a time may wait; the events are its own until it waits again.
    /// - Parameter timeout: Milliseconds; -1 is forever.
    /// - Returns: How many descriptors are ready; ask ``ready(_:)`` for each. 0 also when a signal came.
    @inlinable
    public func wait(timeout: CInt) -> Int {
        max(0, Int(unsafe epoll_wait(descriptor, events, CInt(Self.batch), timeout)))
    }

    /// A descriptor that the last wait found ready.
    @inlinable
    public func ready(_ index: Int) -> CInt {
        precondition(index >= 0 && index < Self.batch)
        return unsafe events[index].data.fd
    }
}
