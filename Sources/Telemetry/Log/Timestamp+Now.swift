import Glibc
public import Values

extension Timestamp {
    /// The present moment of the wall clock, to the microsecond: for people and logs. Deadlines use the monotonic clock.
    public static func now() -> Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(unixSeconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }
}
