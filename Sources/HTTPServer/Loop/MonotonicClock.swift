import Glibc

/// The clock of all deadlines: nanoseconds of `CLOCK_MONOTONIC` (clock_gettime(2)), which never goes back and does not
/// count the time a machine was suspended: nobody's time runs out in its sleep.
///
/// Swift's clock of that kind is `SuspendingClock`. `ContinuousClock` is `CLOCK_BOOTTIME` on Linux: after a suspension it
/// is ahead of this clock by the length of it, so a moment of one means nothing to the other.
enum MonotonicClock {
    static func now() -> Int64 { read(CLOCK_MONOTONIC) }

    /// The processor time this thread has used, in nanoseconds.
    static func threadTime() -> Int64 { read(CLOCK_THREAD_CPUTIME_ID) }

    /// The same moment for Swift's clock.
    static func instant(_ nanoseconds: Int64) -> SuspendingClock.Instant {
        zero.advanced(by: .nanoseconds(nanoseconds))
    }

    /// Where the clock began, found by reading the one clock twice: what passes between the two reads is all the error.
    /// `SuspendingClock.systemEpoch` is this moment too, but only since Swift 6.3.
    private static let zero = SuspendingClock.now.advanced(by: .nanoseconds(-now()))

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds, cut to 73 years either way, so that a deadline can be added to the clock without a thought.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let most = Int64.max / 4
        guard seconds.magnitude < UInt64(most / 1_000_000_000) else { return seconds < 0 ? -most : most }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
