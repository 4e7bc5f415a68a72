import Glibc
public import Linux

/// A part of a trace that is being recorded: something that this service does, from its beginning to its end.
///
/// It belongs to one thread at a time. There is one only where the trace is recorded: code that has none measures nothing.
public final class TraceSpan {
    /// Its own place in the trace: what it calls is told this.
    public let context: TraceContext
    /// The list of what other tracing systems say of the trace (`tracestate`), passed on as it came; `nil` for nothing.
    public let state: String?
    /// What it is. Of a request it is the method and the route, and never what makes each request another one.
    public var name: String

    let parentID: SpanID?
    let kind: SpanKind
    let startedAt: MonotonicInstant
    private let tracer: Tracer
    /// The first span of this service in the trace; `nil` when it is this one.
    private let root: TraceSpan?
    /// From the monotonic clock to that of the wall, in nanoseconds: one for all spans of a request, so that none of them begins
    /// before its parent when the clock is set meanwhile.
    private let clockOffset: Int64
    private(set) var attributes: [SpanRecord.Attribute] = []
    private(set) var failure: String?
    private var isEnded = false

    /// How many spans may follow below the first one. What comes beyond that is counted there.
    public static let mostDescendants = 64
    private static let mostAttributes = 32
    private var descendants = 0
    private var leftOut: Int64 = 0

    /// The first one of this service in a trace.
    init(
        _ name: String,
        _ kind: SpanKind,
        _ context: TraceContext,
        parentID: SpanID?,
        state: String?,
        at start: MonotonicInstant,
        by tracer: Tracer
    ) {
        self.name = name
        self.kind = kind
        self.context = context
        self.parentID = parentID
        self.state = state
        self.tracer = tracer
        startedAt = start
        root = nil
        clockOffset = Self.wallClock - MonotonicInstant.now.nanoseconds
    }

    private init(_ name: String, _ kind: SpanKind, childOf parent: TraceSpan, at start: MonotonicInstant, id: SpanID) {
        self.name = name
        self.kind = kind
        context = TraceContext(traceID: parent.context.traceID, spanID: id, isSampled: true)
        parentID = parent.context.spanID
        state = parent.state
        tracer = parent.tracer
        startedAt = start
        root = parent.root ?? parent
        clockOffset = parent.clockOffset
    }

    /// A part of this one; `nil` when there are ``mostDescendants`` already.
    public func child(_ name: @autoclosure () -> String, _ kind: SpanKind, at start: MonotonicInstant = .now)
        -> TraceSpan?
    {
        let first = root ?? self
        guard first.descendants < Self.mostDescendants else {
            first.leftOut += 1
            return nil
        }
        first.descendants += 1
        return TraceSpan(name(), kind, childOf: self, at: start, id: ThreadTrace.current.makeSpanID())
    }

    /// Says something of it, by a name of OpenTelemetry's semantic conventions where they have one. At most 32 are kept.
    public func set(_ key: String, _ value: SpanValue) {
        if let index = attributes.firstIndex(where: { $0.key == key }) {
            attributes[index] = SpanRecord.Attribute(key: key, value: value)
        } else {
            add(key, value)
        }
    }

    /// As ``set(_:_:)``, for who has not said anything by this name.
    package func add(_ key: String, _ value: SpanValue) {
        if attributes.isEmpty { attributes.reserveCapacity(10) }
        if attributes.count < Self.mostAttributes { attributes.append(SpanRecord.Attribute(key: key, value: value)) }
    }

    /// Says that what it is about has failed.
    /// - Parameter type: the kind of failure, of which there are few (`error.type`).
    public func fail(_ type: String) {
        set("error.type", .text(type))
        failure = type
    }

    /// It is over, and handed over to be exported. Being ended again changes nothing.
    public func end(at end: MonotonicInstant = .now) {
        guard !isEnded else { return }
        isEnded = true
        if leftOut > 0 {
            attributes.append(SpanRecord.Attribute(key: "panal.spans.left_out", value: .integer(leftOut)))
        }
        tracer.record(
            SpanRecord(
                context: context,
                parentID: parentID,
                state: state,
                name: name,
                kind: kind,
                startedAt: startedAt.nanoseconds + clockOffset,
                endedAt: max(startedAt, end).nanoseconds + clockOffset,
                attributes: attributes,
                failure: failure
            )
        )
    }

    /// Nanoseconds since 1970.
    private static var wallClock: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// Runs a function as a span of its own where the calling thread's trace is recorded, and just runs it elsewhere.
///
/// ```swift
/// let price = try withSpan("price rooms") { span in
///     span?.set("stays.nights", .integer(Int64(nights)))
///     return try price(rooms)
/// }
/// ```
///
/// What the function asks of stores and of other services, and what it logs, is a part of it.
/// - Parameters:
///   - name: what it is; few different ones. Not made when nothing is recorded.
///   - kind: whether it is work of this service's own, or a call of another one.
///   - body: gets the span, to say more of it.
/// - Throws: what the body throws; the span has its type then.
public func withSpan<Result>(
    _ name: @autoclosure () -> String,
    _ kind: SpanKind = .internal,
    _ body: (TraceSpan?) throws -> Result
) rethrows -> Result {
    let thread = ThreadTrace.current
    guard let span = thread.span?.child(name(), kind) else { return try body(nil) }
    let former = thread.enter(span)
    defer {
        thread.restore(former)
        span.end()
    }
    do {
        return try body(span)
    } catch {
        span.fail(String(describing: type(of: error)))
        throw error
    }
}
