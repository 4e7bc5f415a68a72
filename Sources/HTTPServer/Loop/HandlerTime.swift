import Linux

/// Charges handlers the processor time they use.
///
/// A thread's processor time costs a system call to read, unlike the clock. So it is read once after each wait for
/// events, and again only behind a handler that took long; a short one is charged the time it took.
struct HandlerTime {
    /// A handler that is over sooner has hardly waited for anything.
    private static let leastMeasured: Int64 = 100_000

    /// When the processor time was last read, in nanoseconds.
    private var look: (processorTime: Int64, at: Int64)?

    /// A handler is about to run.
    /// - Parameter wokeAt: When this thread last had to wait, which takes time but no processor time.
    mutating func begin(at now: Int64, wokeAt: Int64) {
        if let look, look.at >= wokeAt { return }
        look = (Linux.ProcessorTime.ofThisThread, now)
    }

    /// What a handler is charged that ran from `start` to `end`. All in nanoseconds.
    mutating func charge(from start: Int64, to end: Int64) -> Int64 {
        let elapsed = end - start
        guard elapsed >= Self.leastMeasured, let before = look else { return elapsed }
        let used = Linux.ProcessorTime.ofThisThread
        look = (used, end)
        // Between that look and the handler the loop was at work and did not wait.
        return min(max(0, used - before.processorTime - (start - before.at)), elapsed)
    }
}
