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
    private(set) var isOverloaded = false
    /// How long handlers take that waited or computed for long, on average.
    private var handlerTime: Int64 = 0

    /// Wait by which a queue that does not empty is told from one that does: 5 ms.
    private static let shortestTarget: Int64 = 5_000_000

    init(longest: Int64) {
        self.longest = longest
    }

    /// Who waits less than this is well served. Where handlers take long, a wait of a tenth of that is no overload: the next
    /// thread is free after some such time.
    private var target: Int64 { max(Self.shortestTarget, handlerTime / 10) }

    /// As folly's proportion, 100 ms to 5: and with long handlers, two of them.
    private var interval: Int64 { target * 20 }

    /// How long a request may wait now.
    var limit: Int64 { isOverloaded ? min(longest, target * 2) : longest }

    /// A handler took so long.
    mutating func noteHandler(took time: Int64) {
        handlerTime += (time - handlerTime) / 16
    }

    /// A request has waited for so long.
    /// - Returns: Whether it must be refused. The first of an interval never is, but for ``longest``.
    mutating func refuses(_ delay: Int64, now: Int64) -> Bool {
        endInterval(now: now)
        guard let least else {
            least = delay
            return delay > longest
        }
        self.least = min(least, delay)
        return delay > limit
    }

    /// Nobody may have had an end of waiting in the whole interval: then what the first waits counts.
    mutating func look(waitingSince start: Int64, now: Int64) {
        if least == nil, now >= intervalEnd { least = now - start }
        endInterval(now: now)
    }

    private mutating func endInterval(now: Int64) {
        guard now >= intervalEnd else { return }
        isOverloaded = least.map { $0 > target } ?? false
        least = nil
        intervalEnd = now + interval
    }

    /// Nobody waits.
    mutating func noteEmpty() {
        least = 0
        isOverloaded = false
    }

    /// When to look at those who wait, the first of whom waits since `start`.
    func nextLook(waitingSince start: Int64) -> Int64 {
        min(start.addingReportingOverflow(limit).partialValue + 1, max(intervalEnd, start + target))
    }
}
