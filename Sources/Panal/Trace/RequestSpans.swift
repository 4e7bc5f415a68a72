import HTTPServer
import Linux
import Telemetry

/// The requests of one thread as spans: what runs in a handler, and what it logs, finds there what it belongs to.
struct RequestSpans {
    private let tracer: Tracer?
    /// That of the thread, once it serves.
    private var thread: ThreadTrace?

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
    var context: TraceContext? { thread?.context }

    /// A handler is about to run, or an admission, or what follows one on another thread.
    func began(_ request: Request, isProbe: Bool) {
        guard tracer != nil || request.hasTraceparent, !isProbe else {
            thread?.leave()
            return
        }
        enter(request)
    }

    /// The thread has nothing to do with the request for now.
    func paused() { thread?.leave() }

    /// Its answer has been given; what is logged next is about it.
    func ending(_ exchange: Exchange, isProbe: Bool) {
        guard let request = exchange.request else {
            thread?.leave()
            return
        }
        began(request, isProbe: isProbe)
    }

    /// All that there is to log of it has been logged.
    func ended(_ exchange: Exchange) {
        defer { thread?.leave() }
        guard let span = thread?.span else { return }
        let method = exchange.method
        let known = RequestMetrics.known.contains(method)
        span.name = [known ? method : "HTTP", exchange.route].compactMap(\.self).joined(separator: " ")
        span.set("http.request.method", .text(known ? method : "_OTHER"))
        if !known { span.set("http.request.method_original", .text(method)) }
        span.set("url.scheme", "http")
        // Without the query: it may hold what nobody should read.
        span.set("url.path", .text(exchange.rawPath))
        if let route = exchange.route { span.set("http.route", .text(route)) }
        span.set("http.response.status_code", .integer(Int64(exchange.status)))
        span.set("client.address", .text(exchange.clientAddress))
        span.set("panal.request.id", .text(exchange.id))
        if exchange.status >= 500 || exchange.isCut {
            span.fail(exchange.error.map { String(describing: type(of: $0)) } ?? "\(exchange.status)")
        }
        span.end(at: MonotonicInstant(nanoseconds: exchange.startedAt) + exchange.duration)
    }

    private func enter(_ request: Request) {
        if let span = request.observation as? TraceSpan {
            thread?.enter(span)
            return
        }
        let caller = request.caller
        if request.observation == nil, let tracer {
            let start = MonotonicInstant(nanoseconds: Int64(clamping: request.monotonicTimes.start))
            if let span = tracer.begin("", .server, caller: caller, state: request.traceState, at: start) {
                request.observation = span
                thread?.enter(span)
                return
            }
            request.observation = NotRecorded.decision
        }
        if let context = request.traceContext { thread?.enter(unrecorded: context) } else { thread?.leave() }
    }

    /// That a request is not recorded is decided once.
    private final class NotRecorded: Sendable {
        static let decision = NotRecorded()
    }
}
