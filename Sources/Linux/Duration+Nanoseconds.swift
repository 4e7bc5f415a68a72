public import Glibc

extension Duration {
    /// Whole nanoseconds, cut to 73 years either way, so that a deadline can be added to a clock without a thought.
    @inlinable
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let most = Int64.max / 4
        guard seconds.magnitude < UInt64(most / 1_000_000_000) else { return seconds < 0 ? -most : most }
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Whole milliseconds, cut to 73 years either way.
    @inlinable
    public var milliseconds: Int64 { nanoseconds / 1_000_000 }
}

extension timespec {
    /// A length of time as system calls take it.
    public init(_ duration: Duration) {
        let nanoseconds = duration.nanoseconds
        self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
