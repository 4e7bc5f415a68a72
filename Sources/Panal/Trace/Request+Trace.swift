import HTTPClient
import HTTPServer
import HTTPTypes
import Telemetry

extension Request {
    /// Where the caller is in a trace, if it says so.
    var caller: TraceContext? {
        hasTraceparent ? withTraceparent { value in TraceContext(traceparent: value) } : nil
    }

    /// What other tracing systems say of the trace, as it came (W3C Trace Context, section 3.3). What is longer than everybody has to
    /// pass on is left out.
    var traceState: String? {
        value(of: .tracestate).flatMap { $0.isEmpty || $0.utf8.count > Self.longestTraceState ? nil : $0 }
    }

    private static var longestTraceState: Int { 512 }

    /// Its own place in the trace: its span, or, where the trace is not recorded, an id that is its own all the same.
    var traceContext: TraceContext? {
        if case .kept(let span as TraceSpan) = observation { return span.context }
        return unrecordedContext
    }

    /// The place in the caller's trace of a request that is not recorded.
    var unrecordedContext: TraceContext? {
        caller.map { caller in
            TraceContext(
                traceID: caller.traceID,
                spanID: SpanID(of: caller.spanID.value, monotonicTimes.start),
                isSampled: caller.isSampled
            )
        }
    }
}

extension HTTPClient.Trace {
    /// A call from this place.
    init(_ context: TraceContext, state: String?) {
        self.init(
            traceID: context.traceID.description,
            isSampled: context.isSampled,
            spanID: context.spanID.description,
            state: state
        )
    }
}

extension HTTPField.Name {
    fileprivate static let tracestate = known("tracestate")
}
