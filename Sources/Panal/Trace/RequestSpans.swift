import HTTPServer
import Linux
import Telemetry

/// The requests of one thread as spans: what runs in a handler, and what it logs, finds there what it belongs to.
struct RequestSpans {
    private let tracer: Tracer?
    /// That of the thread, once it serves.
    private var thread: ThreadTrace?
    /// Whether the thread is in a trace now. Most requests are in none, and for them nothing is to be undone.
    private var isInside = false

    init(_ tracer: Tracer?) {
        self.tracer = tracer
    }

    /// The calling thread is the one.
    /// - Parameter requestID: tells the id of the request in its hands.
    mutating func attach(requestID: @escaping () -> String?) {
        thread = .current
        thread?.requestID = requestID
    }

    /// The place in a trace of the request that has just begun or ended.
    var context: TraceContext? { isInside ? thread?.context : nil }

    /// A handler is about to run, or an admission, or what follows one on another thread.
    mutating func began(_ request: Request, isProbe: Bool) {
        guard !isProbe, tracer != nil || request.hasTraceparent, let thread else { return leave() }
        isInside = true
        switch request.observation {
        case .kept(let span as TraceSpan): thread.enter(span)
        case .undecided: decide(request, thread)
        default: enter(unrecorded: request, thread)
        }
    }

    /// The thread has nothing to do with the request for now.
    mutating func paused() { leave() }

    private mutating func leave() {
        guard isInside else { return }
        isInside = false
        thread?.leave()
    }

    /// Its answer has been given; what is logged next is about it.
    mutating func ending(_ exchange: Exchange, isProbe: Bool) {
        guard !isProbe, tracer != nil || exchange.hasTraceparent, let thread else { return leave() }
        isInside = true
        switch exchange.observation {
        case .kept(let span as TraceSpan): thread.enter(span)
        case .nothing where !exchange.hasTraceparent: thread.leave()
        // Also what no handler has seen, such as a path that nobody knows.
        default: if let request = exchange.request { began(request, isProbe: isProbe) } else { thread.leave() }
        }
    }

    /// All that there is to log of it has been logged.
    mutating func ended(_ exchange: Exchange) {
        guard isInside else { return }
        defer { leave() }
        guard let span = thread?.span else { return }
        let method = exchange.knownMethod
        let isKnown = method != "_OTHER"
        let title = isKnown ? method : "HTTP"
        span.name = exchange.route.map { "\(title) \($0)" } ?? title
        span.add("http.request.method", .text(method))
        if !isKnown { span.add("http.request.method_original", .text(exchange.method)) }
        span.add("url.scheme", "http")
        // Without the query: it may hold what nobody should read.
        span.add("url.path", .text(exchange.rawPath))
        if let route = exchange.route { span.add("http.route", .text(route)) }
        span.add("http.response.status_code", .integer(Int64(exchange.status)))
        span.add("client.address", .text(exchange.clientAddress))
        span.add("panal.request.id", .text(exchange.id))
        if exchange.status >= 500 || exchange.isCut {
            span.fail(exchange.error.map { String(describing: type(of: $0)) } ?? "\(exchange.status)")
        }
        span.end(at: MonotonicInstant(nanoseconds: exchange.startedAt) + exchange.duration)
    }

    /// That a request is recorded, or not, is decided once.
    private func decide(_ request: Request, _ thread: ThreadTrace) {
        guard let tracer else { return enter(unrecorded: request, thread) }
        let start = MonotonicInstant(nanoseconds: Int64(clamping: request.monotonicTimes.start))
        if let span = tracer.begin("", .server, caller: request.caller, state: request.traceState, at: start) {
            request.observation = .kept(span)
            thread.enter(span)
        } else {
            request.observation = .nothing
            enter(unrecorded: request, thread)
        }
    }

    private func enter(unrecorded request: Request, _ thread: ThreadTrace) {
        guard request.hasTraceparent, let context = request.unrecordedContext else { return thread.leave() }
        thread.enter(unrecorded: context)
    }
}
