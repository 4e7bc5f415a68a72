internal import FoundationEssentials
public import HTTPTypes

extension HTTPClient {
    /// A request to another service.
    ///
    /// ```swift
    /// HTTPClient.Request(.post, "https://rooms.example/v1/bookings", body: try .json(booking), idempotencyKey: key)
    /// ```
    public struct Request: Sendable {
        /// The method.
        public var method: HTTPRequest.Method
        /// `http://` or `https://`, a host in ASCII, and a path and query that are percent-encoded.
        public var url: String
        /// The request's fields. Those that frame a message (`Content-Length`, `Transfer-Encoding`, `Connection`, …) are not among them.
        public var headerFields: HTTPFields
        /// What is sent.
        public var body: Body
        /// Says to the other side that two requests are one; sent as `Idempotency-Key`. With one, a request of any method is
        /// sent again when it failed.
        public var idempotencyKey: String?
        /// How long the call may take, attempts and redirects included; `nil` for the client's ``Configuration/timeout``. The
        /// request that is being served ends it in any case.
        public var timeout: Duration?
        /// The largest body of an answer, decoded, in bytes; `nil` for the client's.
        public var maxResponseSize: Int?

        /// A request.
        public init(
            _ method: HTTPRequest.Method,
            _ url: String,
            headerFields: HTTPFields = [:],
            body: Body = .none,
            idempotencyKey: String? = nil,
            timeout: Duration? = nil,
            maxResponseSize: Int? = nil
        ) {
            self.method = method
            self.url = url
            self.headerFields = headerFields
            self.body = body
            self.idempotencyKey = idempotencyKey
            self.timeout = timeout
            self.maxResponseSize = maxResponseSize
        }

        /// A `GET`.
        public static func get(
            _ url: String,
            headerFields: HTTPFields = [:],
            timeout: Duration? = nil,
            maxResponseSize: Int? = nil
        ) -> Request {
            Request(.get, url, headerFields: headerFields, timeout: timeout, maxResponseSize: maxResponseSize)
        }
    }

    /// The body of a request.
    public struct Body: Sendable {
        /// What is sent; `nil` for none.
        public var bytes: [UInt8]?
        /// The media type of it; `nil` to say nothing.
        public var contentType: String?

        /// No body.
        public static let none = Body(bytes: nil, contentType: nil)

        /// Bytes of a media type.
        public static func bytes(_ bytes: [UInt8], contentType: String = "application/octet-stream") -> Body {
            Body(bytes: bytes, contentType: contentType)
        }

        /// A text in UTF-8.
        public static func text(_ text: String) -> Body {
            Body(bytes: Array(text.utf8), contentType: "text/plain; charset=utf-8")
        }

        /// A value as JSON (RFC 8259).
        /// - Throws: What the value's `encode(to:)` throws.
        public static func json(_ value: some Encodable) throws -> Body {
            Body(bytes: [UInt8](try JSONEncoder().encode(value)), contentType: "application/json")
        }
    }
}

extension HTTPClient.Request {
    /// Whether doing it twice is doing it once (RFC 9110 section 9.2.2), or the other side can tell.
    var isRepeatable: Bool {
        if idempotencyKey != nil { return true }
        switch method {
        case .get, .head, .put, .delete, .options, .trace: return true
        default: return false
        }
    }

    var followsRedirects: Bool { method == .get || method == .head }
}
