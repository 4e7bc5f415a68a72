import Linux

/// Whether a handler that has run for long really holds the loop up: it waits, or computes. Where processors are short it
/// may only have had none, and another thread would have none either.
struct Suspicion {
    private var loan: UInt64 = 0
    private var processorTime: Int64 = 0

    /// After so many times the patience it does not matter why.
    private static let mostPatience: Int64 = 10

    /// Whether another thread should take the loop.
    /// - Parameters:
    ///   - loan: The loan that has lasted for long.
    ///   - begin: When it began, in nanoseconds of the monotonic clock, as `now`.
    ///   - thread: The thread that runs the handler.
    ///   - patience: How long a handler may run, in nanoseconds.
    mutating func isConfirmed(
        _ loan: UInt64,
        since begin: Int64,
        of thread: ThreadStatus?,
        patience: Int64,
        now: Int64
    ) -> Bool {
        guard let thread, thread.isRunnable, now - begin < patience * Self.mostPatience else { return true }
        let time = thread.processorTime
        if loan == self.loan { return time - processorTime >= patience * 3 / 4 }
        self.loan = loan
        processorTime = time
        return false
    }
}
