import Linux

/// Has requests answered on the thread it belongs to, and measures what that takes. It has nothing of the loop, which is
/// free meanwhile.
struct RequestAnswerer {
    private let dispatcher: Dispatcher
    private let observer: (any ServerObserver)?
    private var handlerTime = HandlerTime()

    init(_ dispatcher: Dispatcher, observer: (any ServerObserver)?) {
        self.dispatcher = dispatcher
        self.observer = observer
    }

    /// The answer to a turn's request, whatever happens.
    /// - Parameter wokeAt: When this thread last had to wait.
    mutating func answer(_ turn: Turn, wokeAt: Int64) -> Response {
        guard let record = turn.request else { preconditionFailure("the turn has no request to be answered") }
        if let refusal = record.refusal { return dispatcher.refusal(of: record, refusal.problem) }
        guard measurements(for: record).contains(.cpuTime) else { return dispatcher.answer(record) }
        handlerTime.begin(at: record.startedAt, wokeAt: wokeAt)
        let response = dispatcher.answer(record)
        record.cpuTime = handlerTime.charge(from: record.startedAt, to: MonotonicInstant.now.nanoseconds)
        return response
    }

    private func measurements(for record: RequestRecord) -> Measurements {
        // Middleware of the whole service runs where there is no route, too.
        guard let observer, record.routeIndex >= 0 || dispatcher.routes.isWrapped else { return [] }
        return observer.requestBegan(Request(record: record))
    }
}
