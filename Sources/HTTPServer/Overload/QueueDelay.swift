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
    /// When it last was.
    private var lastOverload: Int64?
    private var wasOverloaded = false
    /// How long handlers take that waited or computed for long, on average.
    private var handlerTime: Int64 = 0

    /// Wait by which a queue that does not empty is told from one that does. 5 ms is what is usual for a router. Here 32 clients
    /// that book on one disk wait for 20 ms each, time after time: with 5 ms every second one was refused, for nothing.
    private static let shortestTarget: Int64 = 20_000_000

    private static let shortestInterval: Int64 = 100_000_000

    /// So many times the target, some seconds, an overload is remembered.
    private static let memory: Int64 = 100

    init(longest: Int64) {
        self.longest = longest
    }

    /// Who waits less than this is well served. Where handlers take long, a wait of as long is no overload: a few clients more
    /// than there are threads wait for as long as the handlers before them take.
    private var target: Int64 { max(Self.shortestTarget, handlerTime) }

    /// As folly's: 100 ms, or some handlers' time. Shorter when there was too much not long ago, so that it is not a tenth of a
    /// second again in which everybody waits for too long until that is seen.
    private var interval: Int64 {
        let short = target * 2
        return !isOverloaded && wasOverloaded ? short : max(Self.shortestInterval, short)
    }

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
        return delay > limit(isAlone: isFirst)
    }

    /// A request has to wait, and none did before.
    mutating func noteQueueBegan(now: Int64) {
        // What was before that counts only if it was not long ago.
        if now >= intervalEnd + interval { least = 0 }
        endInterval(now: now)
    }

    /// A request has waited for so long.
    mutating func note(_ delay: Int64, now: Int64) {
        endInterval(now: now)
        isFirst = least == nil
        least = min(least ?? .max, delay)
    }

    /// Nobody may have had an end of waiting in the whole interval: then what the first waits counts.
    mutating func look(waitingSince start: Int64, now: Int64) {
        if least == nil, now >= intervalEnd { least = now - start }
        endInterval(now: now)
    }

    private mutating func endInterval(now: Int64) {
        guard now >= intervalEnd else { return }
        isOverloaded = least.map { $0 > target } ?? false
        if isOverloaded { lastOverload = now }
        wasOverloaded = lastOverload.map { now - $0 < target * Self.memory } ?? false
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
