import CLinux
import Glibc

/// timerfd_create(2): becomes readable at a moment of ``MonotonicInstant``.
public struct TimerDescriptor: ~Copyable, Sendable {
    private let descriptor: FileDescriptor

    /// One that is not set.
    /// - Parameter isNonBlocking: Whether ``wait()`` returns at once when the moment has not come.
    public init(isNonBlocking: Bool) throws(SystemError) {
        descriptor = try FileDescriptor(clinux_timer(isNonBlocking), of: "timerfd_create")
    }

    /// To be watched.
    public var rawValue: CInt { descriptor.rawValue }

    /// Sets the moment in place of the one before. A moment that has passed is now.
    public func set(to instant: MonotonicInstant) {
        // 0 would turn it off.
        _ = clinux_set_timer(rawValue, max(1, instant.nanoseconds))
    }

    /// Waits for the moment, or takes note that it has come. Then it is not set any more.
    /// - Returns: Whether it has come; a signal ends the wait too.
    @discardableResult
    public func wait() -> Bool {
        var count: UInt64 = 0
        return unsafe read(rawValue, &count, MemoryLayout<UInt64>.size) > 0
    }
}
