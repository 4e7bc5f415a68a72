/// A place in a distributed trace: which trace, which span, and whether it is recorded (W3C Trace Context).
public struct TraceContext: Sendable, Hashable {
    /// The same in every service that the trace passes.
    public let traceID: TraceID
    /// The span: the caller's, in what a caller sends.
    public let spanID: SpanID
    /// Whether whoever made the span records this trace.
    public let isSampled: Bool

    /// A place in a trace.
    public init(traceID: TraceID, spanID: SpanID, isSampled: Bool) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
    }

    /// Reads the value of a `traceparent` field (section 3.2); `nil` when it is malformed, for then the caller's trace must be
    /// ignored (section 3.2.2.5).
    public init?(traceparent value: String) {
        var value = value
        let context = value.withUTF8 { bytes in TraceContext(traceparent: unsafe Span(_unsafeElements: bytes)) }
        guard let context else { return nil }
        self = context
    }

    /// As ``init(traceparent:)-(String)``, without making a text of it.
    public init?(traceparent value: Span<UInt8>) {
        // Version 00 has exactly four parts, 55 bytes; a later one may append more.
        guard value.count >= 55, let version = HexText.number(value.extracting(0..<2)), version != 0xFF,
            version == 0 ? value.count == 55 : value.count == 55 || value[55] == UInt8(ascii: "-")
        else { return nil }
        guard [2, 35, 52].allSatisfy({ value[$0] == UInt8(ascii: "-") }),
            let high = HexText.number(value.extracting(3..<19)), let low = HexText.number(value.extracting(19..<35)),
            let span = HexText.number(value.extracting(36..<52)), let flags = HexText.number(value.extracting(53..<55)),
            let traceID = TraceID(high: high, low: low), let spanID = SpanID(span)
        else { return nil }
        self.init(traceID: traceID, spanID: spanID, isSampled: flags & 1 == 1)
    }

    /// The value of a `traceparent` field that says it.
    public var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }
}
