import HTTPTypes

/// A request and what became of it. Strings are made when asked for; whoever counts and does not look pays nothing.
public struct Exchange: Sendable {
    let record: RequestRecord

    /// The request; `nil` when it was refused before it could be understood, such as for a malformed request line.
    public var request: Request? { record.isUnderstood ? Request(record: record) : nil }

    /// What the observer kept with the request.
    public var observation: Observation { record.observation }

    /// Whether the request has one field `traceparent`.
    public var hasTraceparent: Bool { !record.head.traceparent.isEmpty }

    /// When the request was complete, in nanoseconds of `CLOCK_MONOTONIC`.
    public var startedAt: Int64 { record.startedAt }

    /// The method as it came. Of a request that was refused it may be one that the server does not know; `-` when the
    /// request does not begin with a token of 32 bytes at most and a space.
    public var method: String { record.head.methodName.isEmpty ? "-" : record.string(record.head.methodName) }

    /// The method when it is one of RFC 9110 or PATCH (RFC 5789), else `_OTHER`: one of ten words, whatever clients send, as
    /// OpenTelemetry's `http.request.method` has it.
    public var knownMethod: String {
        // What was not refused is one of them.
        guard record.refusal != nil else { return record.head.method.name }
        return record.withBytes(record.head.methodName) { RequestMethod($0) }?.name ?? "_OTHER"
    }

    /// The target as it came. Of a request that was refused too, as long as it is visible ASCII and the request line of
    /// three parts; else `-`.
    public var target: String { record.head.target.isEmpty ? "-" : record.string(record.head.target) }

    /// The path of the target, as it came: neither query nor authority, which may hold secrets. `-` when there is none to
    /// be made out.
    public var rawPath: String { withRawPath { span in String(copying: span) } }

    /// Lends the bytes of ``rawPath`` without allocating.
    public func withRawPath<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard record.head.rawPath.isEmpty else { return try record.withBytes(record.head.rawPath, read) }
        let substitute: StaticString = record.decodedPath == nil ? "-" : "/"
        return try unsafe read(Span(_unsafeStart: substitute.utf8Start, count: substitute.utf8CodeUnitCount))
    }

    /// The pattern of the route that matched.
    public var route: String? { record.route?.pattern }

    /// Whether the server itself refused it, such as for its size or because no thread was free in time: no handler saw it.
    public var isRefused: Bool { record.refusal != nil }

    /// Why the server itself refused it; `nil` when it did not.
    public var refusal: RequestRefusal? { record.refusal?.kind }

    /// The status code of the answer.
    public var status: Int { Int(record.status) }

    /// The bytes of the request, head and framing included.
    public var bytesIn: Int { record.bytesIn }

    /// The bytes of the answer, head included: all of them, also when the client has not taken them yet and may never.
    public var bytesOut: Int { record.bytesOut }

    /// The bytes of the request's body: of one that was kept in memory without framing, of one that the handler read piece by
    /// piece with it, as far as it was read.
    public var requestBodySize: Int { record.bodyReader?.received ?? record.body.count }

    /// The bytes of the answer's body, which is none in answers to HEAD; of one that was written piece by piece with its framing.
    public var responseBodySize: Int { record.bodyBytesOut }

    /// From the request's completion until its handler began, or until it was refused because that took too long.
    public var queueDelay: Duration { .nanoseconds(record.queueDelay) }

    /// From the request's completion until its answer was ready to be sent: the service's own time. What a slow client
    /// takes to send its request, or to read its answer, is not part of it.
    public var duration: Duration { .nanoseconds(record.endedAt - record.startedAt) }

    /// The processor time of the handler, when ``RequestObserver/requestBegan(_:)`` asked for it.
    public var cpuTime: Duration? { record.cpuTime < 0 ? nil : .nanoseconds(record.cpuTime) }

    /// What the handler did with its time, when ``RequestObserver/requestBegan(_:)`` asked for it: all of it, what it was on a
    /// processor, and what it was ready to run while none was free. In nanoseconds. The rest it waited for something else.
    public var handlerTimes: (wall: Int64, processor: Int64, runQueue: Int64)? {
        record.cpuTime < 0 ? nil : (record.handlerTime, record.cpuTime, record.runQueueTime)
    }

    /// A value that the admission has left in the request, such as who asks; `nil` without one.
    public subscript<Key: RequestContextKey>(key: Key.Type) -> Key.Value? {
        let values = record.contextValues
        return values?[key]
    }

    /// The place of its route in ``Router/routes``; `nil` when none matched.
    public var routeIndex: Int? { record.routeIndex < 0 ? nil : record.routeIndex }

    /// The request id that the answer carried.
    public var id: String { record.withID { span in String(copying: span) } }

    /// Lends the bytes of ``id`` without allocating.
    public func withID<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try record.withID(read)
    }

    /// See ``Request/clientAddress``.
    public var clientAddress: String { record.client.text }

    /// Whether a body that was written piece by piece ended before its end: the client saw the connection cut.
    public var isCut: Bool { record.isCut }

    /// What a handler threw, when it was not a ``Problem``: the cause of a 500, or a ``ProblemConvertible``.
    public var error: (any Error)? { record.error }
}
