import Linux

/// Has requests answered on the thread it belongs to, and measures what that takes. It has nothing of the loop, which is
/// free meanwhile.
struct RequestAnswerer: ~Copyable {
    private let dispatcher: Dispatcher
    private let observer: (any RequestObserver)?
    private var handlerTime = HandlerTime()
    private var isMeasuring = false

    init(_ dispatcher: Dispatcher, observer: (any RequestObserver)?) {
        self.dispatcher = dispatcher
        self.observer = observer
    }

    /// Gets ready for a group of turns.
    mutating func beginGroup(now: Int64) { handlerTime.lookClosely(at: now) }

    /// Gets ready for a turn's errand.
    /// - Parameters:
    ///   - now: Nanoseconds of the monotonic clock.
    ///   - wokeAt: When this thread last had to wait.
    ///   - isQuick: Whether the handler will probably not take long.
    mutating func begin(_ turn: Turn, now: Int64, wokeAt: Int64, isQuick: Bool = true) {
        let record = turn.record
        turn.handlerStartedAt = now
        if turn.errand != .admission { record.queueDelay = max(0, now - record.startedAt) }
        isMeasuring = record.refusal == nil && measurements(for: record).contains(.cpuTime)
        if isMeasuring { handlerTime.begin(at: now, wokeAt: wokeAt, isQuick: isQuick) }
    }

    /// The answer to a turn's request, whatever happens.
    mutating func answer(_ turn: Turn) -> Response { answer(turn) {} }

    /// As ``answer(_:)``.
    /// - Parameter finish: What belongs to the handler's time, too.
    @inline(__always)
    mutating func answer(_ turn: Turn, then finish: () -> Void) -> Response {
        let record = turn.record
        if let refusal = record.refusal { return dispatcher.refusal(of: record, refusal.problem) }
        let response = dispatcher.answer(record)
        finish()
        guard isMeasuring else { return response }
        let end = MonotonicInstant.now.nanoseconds
        let charge = handlerTime.charge(from: turn.handlerStartedAt, to: end)
        record.handlerTime = end - turn.handlerStartedAt
        record.cpuTime = charge.processor
        record.runQueueTime = charge.runQueue
        return response
    }

    /// Asks whether the body of a turn's request may be read.
    func admit(_ turn: Turn) {
        dispatcher.judge(turn.record)
        observer?.requestPaused()
    }

    private func measurements(for record: RequestRecord) -> Measurements {
        // Middleware of the whole service runs where there is no route, too.
        guard let observer, record.routeIndex >= 0 || dispatcher.routes.isWrapped else { return [] }
        return observer.requestBegan(Request(record: record))
    }
}
