import HTTPClient
import HTTPServer
import HTTPTypes
import Telemetry
import Testing

@testable import Panal

@Suite("Traces' settings and what is sent")
struct TraceSettingsTests {
    private struct Bare: Service {
        static let info = ServiceInfo(name: "bare", summary: "Nothing.", revision: "abc", date: "2026-01-01T00:00:00Z")
        static func addRoutes(to router: inout Router, _ dependencies: Dependencies<NoSettings>) {}
    }

    @Test("are read as OpenTelemetry writes them, and secrets are not shown")
    func read() throws {
        let settings = try Bare.settings([
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://Collector:4318/", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=a%2Cb, x=1",
            "OTEL_TRACES_SAMPLER_ARG": "0.25", "OTEL_RESOURCE_ATTRIBUTES": "a=b,c=d%3D",
        ])
        #expect(settings.trace.endpoint?.text == "http://collector:4318")
        #expect(settings.trace.headers.map(\.value) == ["a,b", "1"])
        #expect(settings.trace.ratio == 0.25)
        #expect(settings.trace.attributes.map { "\($0.key) \($0.value)" } == ["a b", "c d="])
        #expect(!settings.found.contains { $0.text.contains("a,b") || $0.text.contains("a%2Cb") })
        #expect(try Bare.settings([:]).trace.endpoint == nil)
    }

    @Test(
        "that say nothing, or something else, are faults",
        arguments: [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"), ("OTEL_EXPORTER_OTLP_ENDPOINT", " "),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:secret@host"), ("OTEL_EXPORTER_OTLP_HEADERS", "a"),
            ("OTEL_EXPORTER_OTLP_HEADERS", ","), ("OTEL_EXPORTER_OTLP_HEADERS", "a=%0D%0Ab: c"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a b=c"), ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
            ("OTEL_TRACES_SAMPLER_ARG", "-0.1"), ("OTEL_TRACES_SAMPLER_ARG", "nan"), ("OTEL_RESOURCE_ATTRIBUTES", "=b"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz"), ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ]
    )
    func faults(key: String, value: String) {
        #expect(throws: InvalidSettings.self, "\(key)=\(value)") { try Bare.settings([key: value]) }
    }

    @Test("a collector's answer says how many it rejected, as a number or as a text")
    func rejection() {
        func read(_ json: String) -> Int? { OTLPTraces.rejection(in: Array(json.utf8))?.spans }
        #expect(read(#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}}"#) == 3)
        #expect(read(#"{"partialSuccess":{"rejectedSpans":4}}"#) == 4)
        #expect(read(#"{"partialSuccess":{}}"#) == nil)
        #expect(read("{}") == nil)
        #expect(read("nonsense") == nil)
    }
}
