import HTTPClient
import HTTPTypes
import Linux
import Telemetry

/// The collector, as the exporter sees it.
struct SpanCollector: Sendable {
    let client: HTTPClient
    let url: String
    let headerFields: [HTTPField]
    let resource: [ResourceAttribute]

    /// What became of spans that were sent.
    enum Outcome {
        /// They were taken, but for so many.
        case taken(rejected: Int, reason: String)
        /// They were not taken, and will not be.
        case refused(reason: String)
        /// They may be taken later, not before this time has passed if it says so.
        case later(after: Duration?, reason: String)
    }

    /// Sends spans and waits for the answer.
    /// - Parameter deadline: when it must be there, before the client's own time is up.
    func send(_ spans: [SpanRecord], until deadline: MonotonicInstant?) -> Outcome {
        var client = client
        client.deadline = deadline
        let request = HTTPClient.Request(
            .post,
            url,
            headerFields: HTTPFields(headerFields),
            body: .bytes(OTLPTraces.json(spans, of: resource), contentType: "application/json")
        )
        do throws(HTTPClientError) {
            let response = try client.send(request)
            switch response.status.code {
            case 200..<300:
                let rejection = OTLPTraces.rejection(in: response.body)
                return .taken(rejected: min(rejection?.spans ?? 0, spans.count), reason: rejection?.message ?? "")
            // Those that OTLP names ("OTLP/HTTP Response", retryable response codes).
            case 429, 502, 503, 504:
                return .later(after: response.retryAfter, reason: "the answer is \(response.status.code)")
            default: return .refused(reason: "the answer is \(response.status.code)")
            }
        } catch {
            switch error.reason {
            case .circuitOpen(let time): return .later(after: time, reason: error.description)
            case .refusedRequest, .refusedAddress, .tooLarge, .malformed: return .refused(reason: error.description)
            default: return .later(after: nil, reason: error.description)
            }
        }
    }
}
