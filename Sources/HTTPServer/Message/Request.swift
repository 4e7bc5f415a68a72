public import HTTPTypes
public import Linux

/// One HTTP request, whole: it is handed to a ``Handler`` only when its last body byte has arrived.
///
/// A request is one reference to the bytes as they came. Nothing is copied or turned into a `String` before it is asked
/// for, and each ask builds anew: keep what you need twice in a `let`. A request may be kept, or sent to another thread,
/// as long as you like: the server then takes other memory for what comes next.
public struct Request: Sendable {
    private(set) var record: RequestRecord

    init(record: RequestRecord) {
        self.record = record
    }

    /// The method. Methods the server does not know never get here: they are answered 501.
    public var method: HTTPRequest.Method { record.head.method.value }

    /// The request target as it came (RFC 9112 section 3.2), escapes and query included.
    public var target: String { record.string(record.head.target) }

    /// The path, percent-decoded once. It is valid UTF-8 and holds no dot segment, control byte or backslash, and each
    /// `/` in it was a `/` on the wire: a target that would break this has been answered 400.
    public var path: String { record.path }

    /// The parameters behind the `?`.
    public var query: Query { Query(record: record) }

    /// The values that the route's `{name}` segments matched, percent-decoded.
    public var parameters: PathParameters { PathParameters(record: record) }

    /// The pattern of the route that matched, such as `/v1/rooms/{id}`: what metrics and logs group by.
    /// `nil` when none did.
    public var route: String? { record.route?.pattern }

    /// The place of that route in ``Router/routes``: for tables with something for each. `nil` when none matched.
    public var routeIndex: Int? { record.routeIndex < 0 ? nil : record.routeIndex }

    /// The scope that a caller of that route needs; `nil` when it is open to everybody, and when no route matched.
    public var requiredScope: Scope? { record.route?.requiredScope }

    /// All header fields in the order they came. Builds them: ask ``value(of:)`` when you want one. When the target is in
    /// absolute form, `Host` says what the target does (RFC 9112 section 3.2.2).
    public var headerFields: HTTPFields { record.headerFields }

    /// The value of one header field, or `nil` when there is none. Several lines of the name are joined by `", "`
    /// (RFC 9110 section 5.3). Bytes that are not UTF-8 become U+FFFD.
    public func value(of name: HTTPField.Name) -> String? { record.value(of: name) }

    /// The body, decoded from its transfer coding, as a copy. Empty when there was none.
    public var body: [UInt8] { record.withBody { span in [UInt8](copying: span) } }

    /// How many bytes the decoded body has.
    public var bodySize: Int { record.body.count }

    /// Lends the body without a copy.
    public func withBody<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try record.withBody(read)
    }

    /// What the response's `X-Request-ID` will say: the client's own when it is 1 to 128 bytes of
    /// `A-Za-z0-9._:/+=@-`, else one made here, unique over processes and hosts.
    public var id: String { record.withID { span in String(copying: span) } }

    /// Lends the bytes of ``id`` without allocating.
    public func withID<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try record.withID(read)
    }

    /// Lends the value of the field `traceparent` (W3C Trace Context) without allocating: empty when there is none, or more than
    /// one, which say nothing.
    public func withTraceparent<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try record.withBytes(record.head.traceparent, read)
    }

    /// Whether there is one field `traceparent`.
    public var hasTraceparent: Bool { !record.head.traceparent.isEmpty }

    /// What a ``RequestObserver`` keeps with the request until its end, such as the span that it is. Only the thread that has the
    /// request may set it.
    public var observation: Observation {
        get { record.knownObservation }
        nonmutating set { record.knownObservation = newValue }
    }

    /// Lends method and target as they came, such as `GET /v1/rooms?x=1`, without allocating.
    public func withMethodAndTarget<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try record.withMethodAndTarget(read)
    }

    /// The client's address as text: the peer of the connection or, when that is a trusted proxy
    /// (``ServerConfiguration/trustedProxies``), the last hop that it names which is not (``ServerConfiguration/proxyHeaders``).
    /// `unix` for a peer on a unix socket.
    public var clientAddress: String { record.client.text }

    /// The same as a value; `nil` for a peer on a unix socket.
    public var clientIP: IPAddress? { if case .ip(let address) = record.client { address } else { nil } }

    /// The scheme that the client used, `https` or `http`: a trusted proxy says it, which ends TLS.
    public var scheme: String { record.scheme }

    /// The host that the client asked for, with its port where it named one: what a trusted proxy says, else `Host`. `nil` in a
    /// request of HTTP/1.0 without it.
    public var authority: String? { record.clientAuthority }

    /// When the answer must be there: arrival plus the route's timeout. The server does not enforce it, blocking calls
    /// in the handler are expected to. On the clock that stands still while the machine is suspended: the request waited
    /// no longer for that.
    public var deadline: SuspendingClock.Instant {
        MonotonicInstant(nanoseconds: record.deadline).suspendingClockInstant
    }

    /// When the request was complete and when its answer must be there, in nanoseconds of `CLOCK_MONOTONIC`: the clock
    /// that every process of the host reads alike (clock_gettime(2)).
    public var monotonicTimes: (start: UInt64, deadline: UInt64) {
        (UInt64(clamping: record.startedAt), UInt64(clamping: record.deadline))
    }

    /// The protocol version the client spoke.
    public var version: HTTPVersion { record.head.version }

    /// A value that travels with the request; `nil` until somebody has set it.
    ///
    /// What an ``Admission`` sets is seen by all middleware, the handler and the ``ServerObserver``. What a ``Middleware``
    /// sets, in a copy of the request that it hands on, is seen by those it hands it to. Each set makes a copy of all that
    /// is known about the request but its bytes; a request in which nothing is set costs nothing.
    public subscript<Key: RequestContextKey>(key: Key.Type) -> Key.Value? {
        get {
            // Read at once: an access that lasts through the search would have each other one checked at run time.
            let values = record.contextValues
            return values?[key]
        }
        set {
            var values = record.contextValues ?? ContextValues()
            values[key] = newValue
            record = RequestRecord(copying: record, with: values)
        }
    }
}

/// An HTTP version this server speaks.
public enum HTTPVersion: UInt8, Sendable {
    /// HTTP/1.0 (RFC 1945).
    case http1_0
    /// HTTP/1.1 (RFC 9112), and what calls itself a later minor version of it.
    case http1_1
}

/// What a route's `{name}` segments matched in one request.
public struct PathParameters: Sendable {
    let record: RequestRecord

    /// The decoded segment that `{name}` matched, or `nil` when the route has no such parameter.
    public subscript(name: String) -> String? { record.parameter(named: name) }
}
