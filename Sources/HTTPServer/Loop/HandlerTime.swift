import Linux

/// Tells what a thread did while it ran a handler: how long it was on a processor, and how long it was ready and none was
/// free. The rest it waited for something else.
///
/// These times cost system calls to read, unlike the clock. So those of a handler that will probably not take long are
/// read once after each wait for events, and again only behind one that took long after all; a short one is charged the
/// time it took.
struct HandlerTime: ~Copyable {
    /// A handler that is over sooner has hardly waited for anything.
    private static let leastMeasured: Int64 = 100_000

    /// Made by the thread that it is about.
    private var times: ThreadTimes?
    /// What the last look showed, and when it was. All in nanoseconds.
    private var look: (processor: Int64, runQueue: Int64?, at: Int64)?

    /// A handler is about to run.
    /// - Parameters:
    ///   - wokeAt: When this thread last had to wait, which takes time but no processor time.
    ///   - isQuick: Whether the handler will probably not take long.
    mutating func begin(at now: Int64, wokeAt: Int64, isQuick: Bool) {
        guard isQuick else { return lookClosely(at: now) }
        if let look, look.at >= wokeAt { return }
        look = (Linux.ProcessorTime.ofThisThread, nil, now)
    }

    /// What runs from here on is measured with its wait for processors, also when it will probably not take long.
    mutating func lookClosely(at now: Int64) {
        if times == nil { times = ThreadTimes() }
        guard let reading = times?.read() else { return }
        look = (reading.processor, reading.runQueue, now)
    }

    /// What a handler is charged that ran from `start` to `end`, in nanoseconds of the clock.
    mutating func charge(from start: Int64, to end: Int64) -> (processor: Int64, runQueue: Int64) {
        let elapsed = end - start
        guard elapsed >= Self.leastMeasured, let before = look else { return (elapsed, 0) }
        let used: Int64
        var queued: Int64 = 0
        if let queuedBefore = before.runQueue, let reading = times?.read() {
            used = reading.processor
            queued = max(0, reading.runQueue - queuedBefore)
            look = (used, reading.runQueue, end)
        } else {
            used = Linux.ProcessorTime.ofThisThread
            look = (used, nil, end)
        }
        // Between that look and the handler the loop was at work and did not wait.
        let processor = min(max(0, used - before.processor - (start - before.at)), elapsed)
        return (processor, min(queued, elapsed - processor))
    }
}
