import HTTPTypes

extension EventLoop {
    /// Has a complete request answered, into the output.
    /// - Parameter isLast: Whether nothing that came after it is in memory.
    mutating func answer(_ record: RequestRecord, of connection: Connection, isLast: Bool) {
        record.startedAt = now
        record.isUnderstood = true
        var measurements: Measurements = []
        record.deadline = now + dispatcher.routes.timeout(of: record.routeIndex)
        if record.routeIndex >= 0, let observer { measurements = observer.requestBegan(Request(record: record)) }
        let response: Response
        if measurements.contains(.cpuTime) {
            processorTime.begin(at: now)
            response = dispatcher.answer(record)
            record.cpuTime = processorTime.charge(from: record.startedAt, to: MonotonicClock.now())
        } else {
            response = dispatcher.answer(record)
        }
        if !record.head.keepsAlive {
            connection.isClosing = true
        } else if drain != nil, isLast {
            connection.isClosing = true
            // The client had no reason to expect the end: its next request may be on its way.
            connection.lingers = true
        }
        write(response, for: record, isClosing: connection.isClosing)
    }

    /// Answers a request that cannot be read, or must not be, and nothing after it.
    mutating func refuse(_ record: RequestRecord, of connection: Connection, _ problem: Problem, received: Int) {
        record.startedAt = now
        record.deadline = now + dispatcher.routes.timeout(of: record.routeIndex)
        record.bytesIn = received
        connection.isClosing = true
        connection.lingers = true
        write(dispatcher.refusal(of: record, problem), for: record, isClosing: true)
    }

    private mutating func write(_ response: Response, for record: RequestRecord, isClosing: Bool) {
        let start = output.size
        let continuation: OutputBuffer.Continuation =
            isClosing ? .close : record.head.version == .http1_0 ? .explicitKeepAlive : .keepAlive
        output.append(response, to: record, date: date.line, then: continuation)
        record.status = UInt16(response.status.code)
        record.bytesOut = output.size - start
        // What comes next has its time from here on.
        now = MonotonicClock.now()
        record.endedAt = now
        finished.append(record)
        answeredCount += 1
        if answeredCount == configuration.maxRequests { observer?.requestLimitReached() }
    }
}
