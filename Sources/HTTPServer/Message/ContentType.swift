/// The value of a `Content-Type` field (RFC 9110 section 8.3).
public struct ContentType: Sendable, Hashable {
    /// The value as it is sent.
    public let value: String

    /// A media type with its parameters; `nil` unless it is visible ASCII and spaces.
    public init?(_ value: String) {
        guard !value.isEmpty, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        self.value = value
    }

    init(known value: String) {
        self.value = value
    }

    /// `text/plain; charset=utf-8`
    public static var text: ContentType { ContentType(known: "text/plain; charset=utf-8") }
    /// `text/html; charset=utf-8`
    public static var html: ContentType { ContentType(known: "text/html; charset=utf-8") }
    /// `application/json`
    public static var json: ContentType { ContentType(known: "application/json") }
    /// `application/problem+json` (RFC 9457)
    public static var problem: ContentType { ContentType(known: "application/problem+json") }
    /// `application/octet-stream`
    public static var bytes: ContentType { ContentType(known: "application/octet-stream") }
}
