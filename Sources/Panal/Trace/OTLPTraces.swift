import FoundationEssentials
import HTTPServer
import Telemetry

/// Spans as a collector takes them: an `ExportTraceServiceRequest` in OTLP's JSON (opentelemetry.io/docs/specs/otlp,
/// "JSON Protobuf Encoding": ids in hex, 64-bit numbers as text, enumerations as numbers).
enum OTLPTraces {
    /// The request's body.
    static func json(_ spans: [SpanRecord], of resource: [ResourceAttribute]) -> [UInt8] {
        var json = JSONWriter(capacity: spans.count * 768)
        json.object { json in
            json.key("resourceSpans")
            json.array { json in
                json.object { json in
                    json.key("resource")
                    json.object { json in
                        write(resource.map { ($0.key, .text($0.value)) }, to: &json)
                    }
                    json.key("scopeSpans")
                    json.array { json in
                        json.object { json in
                            json.key("scope")
                            json.object { $0.member("name", "panal") }
                            json.key("spans")
                            json.array { json in for span in spans { write(span, to: &json) } }
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    private static func write(_ span: SpanRecord, to json: inout JSONWriter) {
        json.object { json in
            json.member("traceId", span.context.traceID.description)
            json.member("spanId", span.context.spanID.description)
            if let parent = span.parentID { json.member("parentSpanId", parent.description) }
            if let state = span.state { json.member("traceState", state) }
            json.member("name", span.name)
            json.member("kind", Int(span.kind.rawValue))
            json.member("startTimeUnixNano", String(span.startedAt))
            json.member("endTimeUnixNano", String(span.endedAt))
            write(span.attributes.map { ($0.key, $0.value) }, to: &json)
            if span.failure != nil {
                json.key("status")
                json.object { $0.member("code", errorCode) }
            }
        }
    }

    /// `STATUS_CODE_ERROR` of trace.proto.
    private static let errorCode = 2

    private static func write(_ attributes: [(String, SpanValue)], to json: inout JSONWriter) {
        json.key("attributes")
        json.array { json in
            for (key, value) in attributes {
                json.object { json in
                    json.member("key", key)
                    json.key("value")
                    json.object { json in
                        switch value {
                        case .text(let text): json.member("stringValue", text)
                        case .integer(let number): json.member("intValue", String(number))
                        case .decimal(let number) where number.isFinite: json.member("doubleValue", number)
                        case .decimal(let number):
                            // As protobuf's JSON has them.
                            let name = number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
                            json.member("doubleValue", name)
                        case .flag(let flag): json.member("boolValue", flag)
                        }
                    }
                }
            }
        }
    }

    /// What a collector did not take of what it took in part; `nil` when it took all (`ExportTracePartialSuccess`).
    static func rejection(in response: [UInt8]) -> (spans: Int, message: String)? {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(response)),
            let count = answer.partialSuccess?.rejectedSpans?.value, count > 0
        else { return nil }
        return (count, String((answer.partialSuccess?.errorMessage ?? "").prefix(200)))
    }

    private struct Answer: Decodable {
        var partialSuccess: PartialSuccess?
    }

    private struct PartialSuccess: Decodable {
        var rejectedSpans: Count?
        var errorMessage: String?
    }

    /// A number, which may be written as text.
    private struct Count: Decodable {
        let value: Int

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            value = try (try? container.decode(Int.self)) ?? Int(container.decode(String.self)) ?? 0
        }
    }
}
