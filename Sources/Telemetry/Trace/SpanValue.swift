/// The value of a span's attribute.
public enum SpanValue: Hashable, Sendable {
    /// A text. Of one that is longer than 1024 bytes the beginning is kept.
    case text(String)
    /// A whole number.
    case integer(Int64)
    /// A number.
    case decimal(Double)
    /// A truth value.
    case flag(Bool)
}

extension SpanValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }
    /// A whole number.
    public init(integerLiteral value: Int64) { self = .integer(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .flag(value) }
}

/// What a span is in the conversation of services, by OpenTelemetry's numbers (`SpanKind` of trace.proto).
public enum SpanKind: UInt8, Sendable {
    /// Something within this service.
    case `internal` = 1
    /// It answers a request.
    case server = 2
    /// It asks somebody: another service, a store.
    case client = 3
    /// It leaves work to others.
    case producer = 4
    /// It does work that was left to it.
    case consumer = 5
}
