/// Reads one request after another off a connection's bytes: head, then body.
struct RequestReader {
    private enum Phase {
        case head
        case sized
        case chunked
    }

    private var phase = Phase.head
    private var headParser: HeadParser
    private var decoder = ChunkedDecoder()
    private var headSize = 0

    /// A reader for a request that was not begun.
    init(for record: RequestRecord? = nil) {
        headParser = HeadParser(reusing: record?.takeSpareFields() ?? [])
    }

    /// The largest body to take; set when the head is known.
    var maxBodySize = 0

    /// Whether the head is read and the body is not.
    var isInBody: Bool { phase != .head }

    /// How many bytes the request has in all, as far as that is known.
    private(set) var expectedSize = 0

    /// Reads the head.
    /// - Returns: Whether it is complete; then ``RequestRecord/head`` is too.
    mutating func readHead(
        of record: RequestRecord,
        until end: Int,
        limits: HeadParser.Limits
    ) throws(RequestError) -> Bool {
        let size: Int?
        do throws(RequestError) {
            size = try record.input.withSpan(record.origin..<end) { bytes throws(RequestError) in
                try headParser.parse(bytes, limits: limits)
            }
        } catch {
            readRefusedHead(of: record, until: end, limits: limits)
            throw error
        }
        guard let size else { return false }
        record.head = headParser.takeHead()
        headSize = size
        expectedSize = size
        Self.decodePath(of: record)
        if record.head.isChunked {
            phase = .chunked
        } else if record.head.contentLength > 0 {
            phase = .sized
        }
        return true
    }

    /// Makes out what can be of a head that is refused, or does not come to its end.
    func readRefusedHead(of record: RequestRecord, until end: Int, limits: HeadParser.Limits) {
        record.head = record.input.withSpan(record.origin..<end) { headParser.refusedHead($0, limits: limits) }
        if record.head.isComplete { Self.decodePath(of: record) }
    }

    private static func decodePath(of record: RequestRecord) {
        if record.head.pathHasEscapes {
            record.decodedPath = record.withBytes(record.head.rawPath) { PercentEncoding.path.decodeBytes($0) }
        } else if record.head.rawPath.isEmpty {
            // Absolute form without a path (RFC 9110 section 4.2.3).
            record.decodedPath = [UInt8(ascii: "/")]
        }
    }

    /// Takes in the body. The head must be complete.
    /// - Parameters:
    ///   - end: The end of the bytes received; moves back when chunk framing is taken out.
    /// - Returns: Where the request ends, when it is complete; then ``RequestRecord/body`` is too.
    mutating func readBody(
        of record: RequestRecord,
        until end: inout Int,
        limits: HeadParser.Limits
    ) throws(RequestError) -> Int? {
        let bodyStart = record.origin + headSize
        switch phase {
        case .head:
            record.body = ByteRange(headSize..<headSize)
            record.bytesIn = headSize
            return bodyStart
        case .sized:
            let length = record.head.contentLength
            guard length <= maxBodySize else { throw .contentTooLarge }
            expectedSize = headSize + length
            guard end - bodyStart >= length else { return nil }
            record.body = ByteRange(headSize..<headSize + length)
            record.bytesIn = headSize + length
            return bodyStart + length
        case .chunked:
            let size = try record.input.withMutableSpan(bodyStart..<end) { bytes throws(RequestError) in
                try decoder.decode(&bytes, maxBodySize: maxBodySize, limits: limits)
            }
            guard let size else {
                end = bodyStart + decoder.decoded
                return nil
            }
            record.body = ByteRange(headSize..<headSize + decoder.decoded)
            record.bytesIn = headSize + decoder.received
            return bodyStart + size
        }
    }
}
