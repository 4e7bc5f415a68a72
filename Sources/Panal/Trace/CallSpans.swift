import HTTPClient
import HTTPTypes
import Telemetry

/// Calls to other services as spans of what the calling thread is about.
struct CallSpans: CallObserver {
    func callBegan(
        _ method: HTTPRequest.Method,
        host: String,
        port: Int,
        isSecure: Bool
    ) -> (any CallObservation)? {
        guard let parent = ThreadTrace.current.span else { return nil }
        let span = parent.child(method.rawValue, .client)
        span?.add("http.request.method", .text(method.rawValue))
        span?.add("server.address", .text(host))
        span?.add("server.port", .integer(Int64(port)))
        span?.add("url.scheme", .text(isSecure ? "https" : "http"))
        return CallSpan(span, of: parent)
    }
}

/// One call.
private final class CallSpan: CallObservation {
    private let span: TraceSpan?
    let trace: HTTPClient.Trace?

    /// - Parameter span: `nil` where there are too many: then the other side's parent is ours.
    init(_ span: TraceSpan?, of parent: TraceSpan) {
        self.span = span
        trace = HTTPClient.Trace((span ?? parent).context, state: parent.state)
    }

    func callEnded(_ outcome: Result<HTTPResponse.Status, HTTPClientError>, attempts: Int) {
        guard let span else { return }
        if attempts > 1 { span.add("http.request.resend_count", .integer(Int64(attempts - 1))) }
        switch outcome {
        case .success(let status):
            span.add("http.response.status_code", .integer(Int64(status.code)))
            // To who asked, 4xx is a failure as well (OpenTelemetry, "Semantic conventions for HTTP spans").
            if status.code >= 400 { span.fail("\(status.code)") }
        case .failure(let error): span.fail(error.reason.code)
        }
        span.end()
    }
}
