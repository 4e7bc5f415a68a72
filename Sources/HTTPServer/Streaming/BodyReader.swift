import HTTPTypes
import Linux

/// Where a handler reads a request's body piece by piece, on a route whose body is ``RouteBody/streamed``.
///
/// ```swift
/// router.post("/uploads", body: .streamed) { request in
///     let body = request.bodyReader
///     while let piece = try body.next() { try file.write(piece) }
///     return .noContent
/// }
/// ```
///
/// Reading waits until the client has sent something: so a body of any size needs no more memory than a piece. What is not
/// read is not received; the connection ends with the answer then.
public final class BodyReader: @unchecked Sendable {
    // One thread at a time has a request's handler, hence `@unchecked Sendable`.

    private enum Framing {
        /// So many bytes are to come.
        case sized(Int)
        case chunked(ChunkedDecoder)
        /// All was read.
        case finished
    }

    /// What a connection has to do with it.
    struct Source {
        let socket: BlockingSocket
        let maxBodySize: Int
        let limits: HeadParser.Limits
        /// Whether the client waits to be asked for the body (RFC 9110 section 10.1.1).
        var isAwaited: Bool
    }

    private var framing: Framing
    private var source: Source?
    /// What has been received and not been read.
    private var block: InputBlock
    private var bytes: Range<Int>
    /// The bytes of the body, framing included.
    private(set) var received = 0
    /// Whether bytes of something else came behind the body.
    private var hasMore = false

    /// One piece has so many bytes, at most.
    private static let pieceSize = 64 * 1024

    /// Of a body that is here.
    init(whole body: [UInt8]) {
        framing = .sized(body.count)
        block = InputBlock(copying: body)
        bytes = 0..<body.count
    }

    /// Of a body that is to come.
    /// - Parameter beginning: What is here of it.
    init(_ head: RequestHead, beginning: [UInt8], from source: Source) {
        framing = head.isChunked ? .chunked(ChunkedDecoder()) : .sized(max(0, head.contentLength))
        self.source = source
        block = beginning.isEmpty ? InputBlock(capacity: Self.pieceSize) : InputBlock(copying: beginning)
        bytes = 0..<beginning.count
    }

    /// Whether another request may follow on the connection: all of the body was read, and nothing else.
    var isFinished: Bool {
        if case .finished = framing { return !hasMore }
        if case .sized(0) = framing { return !hasMore }
        return false
    }

    /// The next piece, at most 64 KiB of it; `nil` at the end.
    /// - Throws: A ``Problem`` that is the right answer, when the body is malformed (400), does not come fast enough (408) or is
    ///   too large (413); ``StreamError/clientGone``.
    public func next() throws -> [UInt8]? {
        do throws(RequestError) {
            while true {
                switch framing {
                case .finished, .sized(0): return nil
                case .sized(let rest):
                    if bytes.isEmpty { try receive(atMost: rest) }
                    let count = min(rest, bytes.count, Self.pieceSize)
                    framing = .sized(rest - count)
                    received += count
                    defer { hasMore = rest == count && !bytes.isEmpty }
                    return take(count)
                case .chunked(var decoder):
                    if bytes.isEmpty { try receive(atMost: Self.pieceSize) }
                    if let piece = try decode(with: &decoder) { return piece }
                }
            }
        } catch {
            // There is nothing to be read any more.
            source = nil
            if error == .clientGone { throw StreamError.clientGone }
            throw error.problem
        }
    }

    private func take(_ count: Int) -> [UInt8] {
        let piece = bytes.lowerBound..<bytes.lowerBound + count
        bytes = piece.upperBound..<bytes.upperBound
        return block.withSpan(piece) { [UInt8](copying: $0) }
    }

    private func decode(with decoder: inout ChunkedDecoder) throws(RequestError) -> [UInt8]? {
        guard let source else { return nil }
        let end = try block.withMutableSpan(bytes) { span throws(RequestError) in
            try decoder.decode(&span, maxBodySize: source.maxBodySize, limits: source.limits)
        }
        let count = decoder.takeDecoded()
        let piece = block.withSpan(bytes.lowerBound..<bytes.lowerBound + count) { [UInt8](copying: $0) }
        received = decoder.received
        if let end {
            hasMore = bytes.lowerBound + end < bytes.upperBound
            framing = .finished
        } else {
            framing = .chunked(decoder)
        }
        bytes = bytes.upperBound..<bytes.upperBound
        return piece.isEmpty ? nil : piece
    }

    private func receive(atMost count: Int) throws(RequestError) {
        guard var source else { throw .clientGone }
        if block.capacity < Self.pieceSize { block = InputBlock(capacity: Self.pieceSize) }
        if source.isAwaited {
            source.isAwaited = false
            self.source = source
            do throws(StreamError) {
                try source.socket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8).span)
            } catch {
                throw .clientGone
            }
        }
        do throws(StreamError) {
            bytes = 0..<(try source.socket.receive(into: block, atMost: min(count, Self.pieceSize)))
        } catch {
            throw error == .clientTooSlow ? .timeout : .clientGone
        }
    }
}

extension RequestError {
    /// Not to be answered: there is nobody.
    static let clientGone = RequestError(status: 400, detail: "The client has gone.")
}

/// How a route's handler gets the body.
public enum RouteBody: Sendable {
    /// Whole, in memory: the handler begins when it has arrived.
    case whole
    /// Piece by piece: the handler begins when the head has arrived, on a thread of its own, and reads it: ``Request/bodyReader``.
    case streamed
}

extension Request {
    /// Reads the body piece by piece. On a route with ``RouteBody/streamed`` it is the only way to it, and the same reader each
    /// time; else it gives what is here anyway.
    public var bodyReader: BodyReader { record.known.bodyReader ?? BodyReader(whole: body) }
}

extension StreamError: ProblemConvertible {
    /// For the log: the client is not there to read it.
    public var problem: Problem {
        switch self {
        case .clientGone: Problem(.badRequest, detail: "The client has gone.")
        case .clientTooSlow: Problem(.requestTimeout, detail: "The client is too slow.")
        case .serverStopping: Problem(.serviceUnavailable, detail: "The server is about to stop.")
        }
    }
}
