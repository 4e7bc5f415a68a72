import HTTPTypes

/// A request and what became of it. Strings are made when asked for; whoever counts and does not look pays nothing.
public struct Exchange: Sendable {
    let record: RequestRecord

    /// The request; `nil` when it was refused before it could be understood, such as for a malformed request line.
    public var request: Request? { record.isUnderstood ? Request(record: record) : nil }

    /// The method as text, or `-` when the request was refused before it was known.
    public var method: String { record.head.hasMethod ? record.head.method.value.rawValue : "-" }

    /// The target as it came, or `-` when the request was refused before it was known.
    public var target: String { record.head.hasTarget ? record.string(record.head.target) : "-" }

    /// The target up to the `?`, as it came, or `-`.
    public var rawPath: String { record.head.hasTarget ? record.string(record.head.rawPath) : "-" }

    /// The pattern of the route that matched.
    public var route: String? { record.route?.pattern }

    /// The status code of the answer.
    public var status: Int { Int(record.status) }

    /// The bytes of the request, head and framing included.
    public var bytesIn: Int { record.bytesIn }

    /// The bytes of the answer, head included.
    public var bytesOut: Int { record.bytesOut }

    /// From the request's completion to the answer's.
    public var duration: Duration { .nanoseconds(record.endedAt - record.startedAt) }

    /// The processor time of the handler, when ``ServerObserver/requestBegan(_:)`` asked for it.
    public var cpuTime: Duration? { record.cpuTime < 0 ? nil : .nanoseconds(record.cpuTime) }

    /// The request id that the answer carried.
    public var id: String { record.withID { span in String(copying: span) } }

    /// See ``Request/clientAddress``.
    public var clientAddress: String { record.clientAddress }

    /// What a handler threw, when it was not a ``Problem``: the cause of a 500, or a ``ProblemConvertible``.
    public var error: (any Error)? { record.error }
}
