import HTTPTypes

/// One request inside the server: the bytes it came in, where its parts are, and how it went.
///
/// The loop fills it, hands it out as a ``Request`` and an ``Exchange``, and uses it again only when nobody else holds
/// it. From the moment it is handed out until then it does not change, except for the outcome, which is written before
/// an ``Exchange`` is made: hence `@unchecked Sendable`.
final class RequestRecord: @unchecked Sendable {
    let context: ServerContext
    /// Of a copy with other context values: the record that the server knows. Held so that it, and the bytes of both, are
    /// not used again before the copy is gone.
    private let original: RequestRecord?

    // The bytes.
    var input: InputBlock
    /// Where the request's first byte is in `input`; all offsets count from there.
    var origin = 0
    var head = RequestHead()
    private var spareFields: [FieldEntry] = []
    var body = ByteRange()
    /// Where the handler reads a body that has not arrived.
    var bodyReader: BodyReader?
    /// The path without escapes, when it had any.
    var decodedPath: [UInt8]?
    /// The request id when the client brought none.
    var madeID = RequestID()
    var peer = PeerAddress.unix

    // The way through the router.
    var verdict = RouteTrie.Verdict.notFound
    var routeIndex = -1
    var match = PathMatch()

    /// Whether the head was found good enough for the body to be read.
    enum Admission {
        case open
        case granted
        case refused(any Error)
    }
    var admission = Admission.open
    /// What the admission found out, such as who asks.
    var contextValues: ContextValues?
    /// What the observer keeps with the request.
    var observation = Observation.undecided

    /// The request that was answered before this one, until both are reported.
    var answeredBefore: RequestRecord?

    // The outcome.
    /// Why the server refuses the request, which then reaches no handler.
    var refusal: RequestError?
    var isUnderstood = false
    var startedAt: Int64 = 0
    /// Since when it waits for a thread.
    var arrivedAt: Int64 = 0
    var deadline: Int64 = 0
    var endedAt: Int64 = 0
    /// Of the handler, when it is measured: how long it took, how long of that it was on a processor, and how long it was
    /// ready and none was free.
    var handlerTime: Int64 = 0
    var cpuTime: Int64 = -1
    var runQueueTime: Int64 = 0
    /// From its start until its handler began, in nanoseconds.
    var queueDelay: Int64 = 0
    var bytesIn = 0
    var bytesOut = 0
    /// Those of them that are the body.
    var bodyBytesOut = 0
    var status: UInt16 = 0
    var error: (any Error)?
    /// Whether its streamed answer was cut.
    var isCut = false
    /// Whether the observer knows the outcome.
    var isReported = false

    init(context: ServerContext, input: InputBlock) {
        self.context = context
        self.input = input
        original = nil
    }

    /// An empty field table, with the memory of the one before.
    func takeSpareFields() -> [FieldEntry] {
        let fields = spareFields
        spareFields = []
        return fields
    }

    /// The same request for another server's routes.
    convenience init(copying other: RequestRecord, context: ServerContext) {
        self.init(copying: other, context: context, original: nil)
        contextValues = other.contextValues
    }

    /// The same request with other context values.
    convenience init(copying other: RequestRecord, with values: ContextValues) {
        self.init(copying: other, context: other.context, original: other.known)
        verdict = other.verdict
        routeIndex = other.routeIndex
        match = other.match
        admission = other.admission
        startedAt = other.startedAt
        contextValues = values
    }

    private init(copying other: RequestRecord, context: ServerContext, original: RequestRecord?) {
        self.context = context
        self.original = original
        input = other.input
        origin = other.origin
        head = other.head
        body = other.body
        decodedPath = other.decodedPath
        madeID = other.madeID
        peer = other.peer
        deadline = other.deadline
    }

    /// What the observer keeps with the request, whichever copy of it is asked.
    var knownObservation: Observation {
        get { original?.observation ?? observation }
        set { if let original { original.observation = newValue } else { observation = newValue } }
    }

    /// The record that the server knows of this request: where the outcome is written down.
    var known: RequestRecord { original ?? self }

    /// Back to the state before the first byte.
    func reset() {
        var fields = head.fields
        head = RequestHead()
        fields.removeAll(keepingCapacity: true)
        spareFields = fields
        body = ByteRange()
        if bodyReader != nil { bodyReader = nil }
        if decodedPath != nil { decodedPath = nil }
        routeIndex = -1
        if case .open = admission {} else { admission = .open }
        if contextValues != nil { contextValues = nil }
        if case .undecided = observation {} else { observation = .undecided }
        if refusal != nil { refusal = nil }
        isUnderstood = false
        bytesIn = 0
        bytesOut = 0
        bodyBytesOut = 0
        queueDelay = 0
        cpuTime = -1
        runQueueTime = 0
        if error != nil { error = nil }
        isReported = false
        isCut = false
    }

    /// Its time began when it arrived at another server, which passed it on.
    func backdate(to arrival: Int64) {
        deadline -= startedAt - arrival
        startedAt = arrival
    }

    /// Whether its method is not safe (RFC 9110 section 9.2.1).
    var mayWrite: Bool { !head.method.isSafe }

    var route: Route? { routeIndex < 0 ? nil : context.routes.route(routeIndex) }

    @inline(__always)
    func withBytes<Result, Failure: Error>(
        _ bytes: ByteRange,
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let range = bytes.range
        return try input.withSpan(origin + range.lowerBound..<origin + range.upperBound, read)
    }

    func string(_ bytes: ByteRange) -> String { withBytes(bytes) { span in String(copying: span) } }

    func withBody<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes(body, read)
    }

    func withQuery<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes(head.query, read)
    }

    /// The path as routes and handlers see it.
    func withPath<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let decodedPath else { return try withBytes(head.rawPath, read) }
        return try read(decodedPath.span)
    }

    var path: String { withPath { span in String(copying: span) } }

    func parameter(named name: String) -> String? {
        guard let index = route?.parameterIndex(named: name) else { return nil }
        return withPath { span in String(copying: span.extracting(match.values[index].range)) }
    }

    /// Method and target stand next to each other in the request line.
    func withMethodAndTarget<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withBytes(ByteRange(head.start..<head.target.range.upperBound), read)
    }

    func withID<Result, Failure: Error>(
        _ read: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        head.requestID.isEmpty ? try madeID.withBytes(read) : try withBytes(head.requestID, read)
    }

    var headerFields: HTTPFields {
        var fields = HTTPFields()
        fields.reserveCapacity(head.fields.count)
        for entry in head.fields {
            guard let name = HTTPField.Name(string(entry.name)) else { continue }
            fields.append(withBytes(entry.value) { HTTPField(name: name, value: [UInt8](copying: $0)) })
        }
        return fields
    }

    func value(of name: HTTPField.Name) -> String? {
        var value: String?
        for entry in head.fields
        where entry.name.count == name.canonicalName.utf8.count
            && withBytes(entry.name, { $0.equalsIgnoringCase(name.canonicalName.utf8.span) })
        {
            let line = string(entry.value)
            value = value.map { $0 + (name == .cookie ? "; " : ", ") + line } ?? line
        }
        return value
    }
}
