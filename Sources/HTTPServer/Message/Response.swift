public import HTTPTypes

/// The answer of a ``Handler``: status, content, and fields of its own.
///
/// The server adds what belongs to the message and not to the handler: `Content-Length`, `Connection`, `Date` and
/// `X-Request-ID`. Set in ``headerFields``, these (and `Transfer-Encoding`, `Keep-Alive`, `Upgrade`, `Trailer`) are
/// dropped, so a handler can neither split a response nor break its framing; HTTPTypes keeps line breaks out of values.
public struct Response: Sendable {
    /// The status, 200 to 599. Anything else is answered as a 500.
    public var status: HTTPResponse.Status

    /// What the body is; `nil` sends no `Content-Type` unless ``headerFields`` has one.
    public var contentType: ContentType?

    /// Further fields. Empty costs nothing.
    public var headerFields: HTTPFields

    /// The content. It is not sent to HEAD, nor with 204 and 304.
    public var body: Body

    /// The bytes of a response.
    public enum Body: Sendable {
        /// No content.
        case empty
        /// Bytes built for this response.
        case bytes([UInt8])
        /// Text built for this response, sent as UTF-8.
        case string(String)
        /// Text known at compile time.
        case `static`(StaticString)
        /// Written piece by piece: ``Response/stream(_:status:_:)``.
        case stream(@Sendable (BodyWriter) throws -> Void)

        /// The number of bytes; 0 for one that is written piece by piece, which nobody knows.
        public var count: Int {
            switch self {
            case .empty: 0
            case .bytes(let bytes): bytes.count
            case .string(let text): text.utf8.count
            case .static(let text): text.utf8CodeUnitCount
            case .stream: 0
            }
        }

        /// All bytes, also of one that is written piece by piece: for tests.
        /// - Throws: What the closure throws that writes it.
        public func collect() throws -> [UInt8] {
            switch self {
            case .empty: return []
            case .bytes(let bytes): return bytes
            case .string(let text): return Array(text.utf8)
            case .static(let text): return Array(text.description.utf8)
            case .stream(let write):
                let body = BodyWriter()
                try write(body)
                try body.finish()
                return body.collected
            }
        }
    }

    /// A response from its parts.
    public init(
        status: HTTPResponse.Status = .ok,
        contentType: ContentType? = nil,
        headerFields: HTTPFields = HTTPFields(),
        body: Body = .empty
    ) {
        self.status = status
        self.contentType = contentType
        self.headerFields = headerFields
        self.body = body
    }

    /// Text that is known at compile time, as `text/plain`.
    public static func text(_ text: StaticString, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, contentType: .text, body: .static(text))
    }

    /// Text as `text/plain`.
    @_disfavoredOverload
    public static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, contentType: .text, body: .string(text))
    }

    /// Encoded JSON.
    public static func json(_ bytes: [UInt8], status: HTTPResponse.Status = .ok) -> Response {
        Response(status: status, contentType: .json, body: .bytes(bytes))
    }

    /// JSON written by hand, see ``JSONWriter``.
    public static func json(
        status: HTTPResponse.Status = .ok,
        _ write: (inout JSONWriter) throws -> Void
    ) rethrows -> Response {
        var writer = JSONWriter()
        try write(&writer)
        return .json(writer.bytes, status: status)
    }

    /// 204: done, and nothing to say.
    public static var noContent: Response { Response(status: .noContent) }

    /// A status without content.
    public static func status(_ status: HTTPResponse.Status) -> Response { Response(status: status) }
}
