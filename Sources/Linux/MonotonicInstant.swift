public import Glibc

/// A point in time on the system's monotonic clock: nanoseconds of `CLOCK_MONOTONIC` (clock_gettime(2)), which never goes
/// back and does not count the time a machine was suspended: nobody's time runs out in its sleep.
///
/// All processes of one machine read the same clock, so an instant in shared memory means the same to a worker and to
/// its supervisor. Reading it takes some 30 ns and no system call.
///
/// Swift's clock of that kind is `SuspendingClock`. `ContinuousClock` is `CLOCK_BOOTTIME` on Linux: after a suspension it
/// is ahead of this clock by the length of it, so a moment of one means nothing to the other.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
    /// Nanoseconds since an arbitrary start, usually that of the machine.
    public var nanoseconds: Int64

    /// An instant from a value that was read from the same clock.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// This very moment.
    @inlinable
    public static var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: readClock(CLOCK_MONOTONIC))
    }

    /// The time from this instant to another, negative when the other came first.
    @inlinable
    public func duration(to other: MonotonicInstant) -> Duration {
        .nanoseconds(other.nanoseconds &- nanoseconds)
    }

    /// Whether this instant comes before the other.
    @inlinable
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The instant that much later. A duration without end gives an instant that never comes.
    @inlinable
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// The instant that much earlier.
    @inlinable
    public static func - (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        let (difference, overflow) = instant.nanoseconds.subtractingReportingOverflow(duration.nanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? (duration < .zero ? .max : .min) : difference)
    }

    /// The time between two instants.
    @inlinable
    public static func - (left: MonotonicInstant, right: MonotonicInstant) -> Duration {
        right.duration(to: left)
    }
}

extension MonotonicInstant {
    /// The same moment on Swift's clock of this kind.
    public var suspendingClockInstant: SuspendingClock.Instant {
        Self.zero.advanced(by: .nanoseconds(nanoseconds))
    }

    /// Where the clock began, found by reading the one clock twice: what passes between the two reads is all the error.
    /// `SuspendingClock.systemEpoch` is this moment too, but only since Swift 6.3.
    private static let zero = SuspendingClock.now.advanced(by: .nanoseconds(-MonotonicInstant.now.nanoseconds))
}

/// Processor time.
public enum ProcessorTime {
    /// What the calling thread has used so far, in nanoseconds (`CLOCK_THREAD_CPUTIME_ID`). Reading it is a system call of
    /// some 340 ns.
    public static var ofThisThread: Int64 { readClock(CLOCK_THREAD_CPUTIME_ID) }
}

/// Reads a clock (clock_gettime(2)).
@inlinable
func readClock(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
}
