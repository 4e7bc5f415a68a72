import CLinux
import Glibc

/// A point in time on the system's monotonic clock (`CLOCK_MONOTONIC`, clock_gettime(2)).
///
/// All processes of one machine read the same clock, so an instant in shared memory means the same to a worker and to
/// its supervisor. The clock never jumps and does not count the time that the machine was suspended.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Nanoseconds since an arbitrary start, usually that of the machine.
    public var nanoseconds: UInt64

    /// An instant from a value that was read from the same clock.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// This very moment.
    public static var now: MonotonicInstant {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicInstant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    /// The time from this instant to another, negative when the other came first.
    public func duration(to other: MonotonicInstant) -> Duration {
        .nanoseconds(Int64(bitPattern: other.nanoseconds &- nanoseconds))
    }

    /// Whether this instant comes before the other.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant that much later. A duration without end gives the last instant there is.
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: instant.nanoseconds &+ UInt64(bitPattern: duration.inNanoseconds))
    }

    /// The time between two instants.
    public static func - (left: MonotonicInstant, right: MonotonicInstant) -> Duration {
        right.duration(to: left)
    }
}

extension Duration {
    /// Whole nanoseconds, clamped to what 63 bits hold with room to add an instant (146 years).
    var inNanoseconds: Int64 {
        let limit: Int64 = 1 << 62
        let (seconds, attoseconds) = components
        guard seconds < limit / 1_000_000_000 else { return limit }
        guard seconds > -limit / 1_000_000_000 else { return -limit }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
