public import HTTPTypes
import Linux

/// Server-sent events (WHATWG HTML section 9.2): a stream of small messages that browsers read with `EventSource`, and ask for
/// again when it ends.
///
/// ```swift
/// router.get("/prices") { _ in
///     .events { events in
///         while true {
///             try events.send(data: try nextPrice(), event: "price")
///         }
///     }
/// }
/// ```
///
/// Each stream has one of the worker's threads for as long as it lasts. It ends with the client, or when the server is about
/// to stop: then ``send(data:event:id:retry:)`` throws, and the client comes back to whoever serves next.
public final class EventStream {
    private let body: BodyWriter

    init(_ body: BodyWriter) {
        self.body = body
    }

    /// Whether the stream should end, because the server or this process of it does.
    public var isStopping: Bool { body.isStopping }

    /// Sends an event.
    /// - Parameters:
    ///   - data: What it says; may have several lines.
    ///   - event: Its type, without a line break; `message` for the client when `nil`.
    ///   - id: What the client sends as `Last-Event-ID` when it comes back, without a line break or NUL.
    ///   - retry: How long the client is to wait before it comes back.
    /// - Throws: When the client is gone or too slow, or the server stops.
    public func send(
        data: String,
        event: String? = nil,
        id: String? = nil,
        retry: Duration? = nil
    ) throws(StreamError) {
        guard !isStopping else { throw .serverStopping }
        var text = ""
        if let event { text += "event: \(Self.line(event))\n" }
        if let id { text += "id: \(Self.line(id))\n" }
        if let retry { text += "retry: \(max(0, retry.nanoseconds / 1_000_000))\n" }
        // As the reader splits lines: at CR, LF, and both together.
        for line in data.split(omittingEmptySubsequences: false, whereSeparator: Self.isLineBreak) {
            text += "data: \(line)\n"
        }
        try body.write(text + "\n")
        try body.flush()
    }

    /// Sends something that the client does not see: it keeps proxies from closing a silent connection, and finds out whether
    /// the client is still there.
    /// - Throws: When the client is gone or too slow, or the server stops.
    public func keepAlive() throws(StreamError) {
        guard !isStopping else { throw .serverStopping }
        try body.write(":\n\n")
        try body.flush()
    }

    private static func isLineBreak(_ character: Character) -> Bool {
        character == "\n" || character == "\r" || character == "\r\n"
    }

    private static func line(_ text: String) -> String {
        precondition(!text.contains { isLineBreak($0) || $0 == "\0" }, "an event's type and id have no line break")
        return text
    }
}

extension Response {
    /// An answer whose body is written piece by piece, on a thread of the handler's own: see ``BodyWriter``.
    ///
    /// The status and the fields are sent before the first piece, so what the closure throws cannot change them: the connection
    /// is cut then, and the client sees that the body is not whole. The time that a handler may take begins anew with each
    /// piece that the client takes. Over HTTP/1.1 it is sent in chunks, over 1.0 until the connection ends; HEAD is answered
    /// without it.
    public static func stream(
        _ contentType: ContentType,
        status: HTTPResponse.Status = .ok,
        _ write: @escaping @Sendable (BodyWriter) throws -> Void
    ) -> Response {
        Response(status: status, contentType: contentType, body: .stream(write))
    }

    /// Server-sent events: see ``EventStream``.
    public static func events(_ send: @escaping @Sendable (EventStream) throws -> Void) -> Response {
        var response = Response.stream(ContentType(known: "text/event-stream")) { body in try send(EventStream(body)) }
        response.headerFields[.cacheControl] = "no-store"
        // nginx would collect them.
        if let name = HTTPField.Name("X-Accel-Buffering") { response.headerFields[name] = "no" }
        return response
    }
}
