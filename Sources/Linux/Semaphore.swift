import CLinux
import Glibc

/// sem_overview(7), between the threads of a process: one waits until another has signalled.
@safe
public final class Semaphore: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// One that has not been signalled.
    public init() {
        unsafe semaphore = .allocate(capacity: 1)
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    /// Lets one wait end: the one that lasts, or the next.
    public func signal() { unsafe sem_post(semaphore) }

    /// Waits for a signal.
    public func wait() {
        while unsafe sem_wait(semaphore) != 0 {}
    }

    /// Waits for a signal, but no longer than until a moment.
    /// - Returns: Whether it came.
    public func wait(until deadline: MonotonicInstant) -> Bool {
        while unsafe clinux_wait_for_semaphore(semaphore, deadline.nanoseconds) != 0 {
            guard errno == EINTR else { return false }
        }
        return true
    }
}
