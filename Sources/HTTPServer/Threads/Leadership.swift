import Synchronization

/// Which thread has the loop.
///
/// One thread has it, the leader. While it runs a handler it lends the loop: nobody is in the loop then, and another thread
/// may take it. When the handler is over the leader takes the loop back, unless it has been taken. A fast handler
/// costs two atomic operations this way, and no other thread wakes up for it.
final class Leadership: Sendable {
    /// The number of the loan that lasts; 0 while a thread is in the loop.
    private let current = Atomic<UInt64>(0)
    /// When the loan began, in nanoseconds of the monotonic clock; 0 to have the loop taken at once.
    private let begin = Atomic<Int64>(0)
    /// The number of the last loan. Only the leader touches it.
    private let last = Atomic<UInt64>(0)

    /// Lends the loop.
    /// - Returns: The number of the loan.
    @inline(__always)
    func lend(at now: Int64) -> UInt64 {
        let loan = last.load(ordering: .relaxed) &+ 1
        last.store(loan, ordering: .relaxed)
        begin.store(now, ordering: .relaxed)
        // In one order with ``HandlerWatch``: either the watch sees the loan, or the leader sees that the watch is not set.
        current.store(loan, ordering: .sequentiallyConsistent)
        return loan
    }

    /// Takes the loop, out of a loan: whoever lent it, or somebody else.
    /// - Returns: Whether it was still there.
    @inline(__always)
    func take(_ loan: UInt64) -> Bool {
        current.compareExchange(expected: loan, desired: 0, ordering: .acquiringAndReleasing).exchanged
    }

    /// Whoever lent the loop will not need it soon.
    /// - Returns: Whether it is there to be taken.
    func giveUp(_ loan: UInt64) -> Bool {
        guard current.load(ordering: .relaxed) == loan else { return false }
        begin.store(0, ordering: .sequentiallyConsistent)
        return true
    }

    /// What a look at the loan shows.
    enum Look {
        /// The leader has the loop.
        case inUse
        /// It was lent not long ago; look again then.
        case lent(until: Int64)
        /// It has been lent for long. By its number it may be taken.
        case overdue(UInt64, since: Int64)
        /// Whoever lent it has said that it will not need it soon.
        case givenUp(UInt64)
    }

    /// Looks whether the loop has been lent for so long.
    func look(patience: Int64, now: Int64) -> Look {
        let loan = current.load(ordering: .sequentiallyConsistent)
        guard loan != 0 else { return .inUse }
        let begin = begin.load(ordering: .sequentiallyConsistent)
        if begin == 0 { return .givenUp(loan) }
        return begin + patience <= now ? .overdue(loan, since: begin) : .lent(until: begin + patience)
    }
}
