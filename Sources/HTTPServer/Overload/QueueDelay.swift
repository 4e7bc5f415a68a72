/// Whether requests have to wait for so long that some must be refused (Controlled Delay: Nichols and Jacobson, "Controlling
/// Queue Delay", ACM Queue 2012; in the form that Facebook's folly gave it for requests).
///
/// What tells overload from a burst is not how many wait but whether everybody does: when during a whole interval even
/// the request that waited least waited too long, more comes than can be answered. From then on who has waited for
/// longer than twice that is refused, until somebody waits less again. All in nanoseconds.
struct QueueDelay {
    /// How long a request may wait for a thread at any rate.
    private let longest: Int64
    /// The least that a request has waited in the interval of now; `nil` when none was seen.
    private var least: Int64?
    private var intervalEnd: Int64 = 0
    /// Whether the last that was seen was the first of the interval.
    private var isFirst = true
    private(set) var isOverloaded = false
    /// When a thread was last known to be free, or the queue began.
    private var lastFree: Int64 = 0
    /// How long handlers take that waited or computed for long, on average.
    private var handlerTime: Int64 = 0

    /// Wait by which a queue that does not empty is told from one that does: 15 ms. 5 is what is usual for a router; but 32 clients
    /// that book on one disk wait for 12 ms each, time after time, and with 5 every second one was refused, for nothing.
    private static let shortestTarget: Int64 = 15_000_000
    /// A queue from which nobody got a thread for so long stands: 100 ms.
    private static let standing: Int64 = 100_000_000

    init(longest: Int64) {
        self.longest = longest
    }

    /// Who waits less than this is well served. Where handlers take long, a wait of almost as long is no overload: with twice
    /// as many clients as threads everybody waits for as long as the handler before.
    private var target: Int64 { max(Self.shortestTarget, handlerTime / 4 * 3) }

    /// Longer than the target, so that a queue which only grows is seen with the second interval. Then nobody has waited for
    /// more than three times the target.
    private var interval: Int64 { target / 2 * 3 }

    /// How long a request may wait now. One that waits alone is no queue: it is refused for ``longest`` only.
    func limit(isAlone: Bool) -> Int64 { isOverloaded && !isAlone ? min(longest, target * 2) : longest }

    /// A handler took so long.
    mutating func noteHandler(took time: Int64) {
        handlerTime = handlerTime == 0 ? time : handlerTime + (time - handlerTime) / 16
    }

    /// A request has waited for so long and has a thread now.
    /// - Returns: Whether it must be refused all the same. The first of an interval never is, but for ``longest``.
    mutating func refuses(_ delay: Int64, now: Int64) -> Bool {
        note(delay, now: now)
        lastFree = now
        return delay > limit(isAlone: isFirst)
    }

    /// A request has to wait, and none did before.
    mutating func noteQueueBegan(now: Int64) {
        // What was before that counts only if it was not long ago.
        if now >= intervalEnd + interval { least = 0 }
        endInterval(now: now)
        lastFree = now
    }

    /// A request has waited for so long.
    mutating func note(_ delay: Int64, now: Int64) {
        endInterval(now: now)
        isFirst = least == nil
        least = min(least ?? .max, delay)
    }

    /// Nobody may have had an end of waiting in the whole interval: then handlers take at least as long as no thread was free,
    /// and none is the sooner free for it that somebody is refused. What has not come yet is told at once.
    mutating func look(now: Int64) {
        guard least == nil, now >= intervalEnd else { return endInterval(now: now) }
        // Measured here: what a client says of its wait (`X-Request-Start`) must not change what others may wait.
        let time = now - lastFree
        handlerTime = max(handlerTime, time)
        isOverloaded = time >= Self.standing
        intervalEnd = now + max(Self.standing, time) / 4
    }

    private mutating func endInterval(now: Int64) {
        guard now >= intervalEnd else { return }
        // It ends later than it begins, or it would end with each thread that is free a little sooner than others.
        isOverloaded = least.map { $0 > (isOverloaded ? target / 2 : target) } ?? false
        least = nil
        intervalEnd = now + interval
    }

    /// A request found a thread at once.
    mutating func noteServedAtOnce() { least = 0 }

    /// When to look at those who wait, the first of whom waits since `start`.
    func nextLook(waitingSince start: Int64, isAlone: Bool) -> Int64 {
        min(
            start.addingReportingOverflow(limit(isAlone: isAlone)).partialValue + 1,
            max(intervalEnd, start + target)
        )
    }
}
