/// Where the parts of a request are: offsets from its first byte.
struct RequestHead: Sendable {
    var method = RequestMethod.get
    var version = HTTPVersion.http1_1
    /// The `*` of `OPTIONS *`, which is about the server and not about a path.
    var isAsterisk = false
    /// Whether the path has a `%`.
    var pathHasEscapes = false

    /// Where the method begins: an empty line may come before the request line.
    var start = 0
    /// The method as it came, known or not; empty when there was none to be made out.
    var methodName = ByteRange()
    /// Empty when there was none to be made out.
    var target = ByteRange()
    var rawPath = ByteRange()
    var query = ByteRange()
    var authority = ByteRange()
    var host = ByteRange()
    var requestID = ByteRange()
    /// The value of the field `traceparent`; empty without one, and with several, which say nothing.
    var traceparent = ByteRange()

    var fields: [FieldEntry]

    /// From `Content-Length`; -1 when there was none.
    var contentLength = -1
    var isChunked = false
    var keepsAlive = true
    var expectsContinue = false
    /// Whether all fields are read and the request means but one thing, whatever it may be refused for.
    var isComplete = false

    /// Whether bytes follow the head.
    var hasBody: Bool { isChunked || contentLength > 0 }

    init(fields: consuming [FieldEntry] = []) {
        self.fields = fields
    }
}

/// A range of bytes, counted from the first byte of its request.
struct ByteRange: Sendable, Equatable {
    private var start: UInt32 = 0
    private var end: UInt32 = 0

    init() {}

    init(_ range: Range<Int>) {
        precondition(range.upperBound <= Int32.max)
        start = UInt32(truncatingIfNeeded: range.lowerBound)
        end = UInt32(truncatingIfNeeded: range.upperBound)
    }

    var range: Range<Int> { Int(start)..<Int(end) }
    var count: Int { Int(end - start) }
    var isEmpty: Bool { start == end }
}

/// One header field.
struct FieldEntry: Sendable {
    var name: ByteRange
    var value: ByteRange
    var known: KnownField
}

/// The fields the server itself acts upon.
enum KnownField: UInt8, Sendable {
    case other
    case host
    case connection
    case contentLength
    case transferEncoding
    case expect
    case requestID
    case forwardedFor
    case traceparent

    init(_ name: Span<UInt8>) {
        self =
            switch name.count {
            case 4 where name.equalsIgnoringCase("host"): .host
            case 6 where name.equalsIgnoringCase("expect"): .expect
            case 10 where name.equalsIgnoringCase("connection"): .connection
            case 11 where name.equalsIgnoringCase("traceparent"): .traceparent
            case 12 where name.equalsIgnoringCase("x-request-id"): .requestID
            case 14 where name.equalsIgnoringCase("content-length"): .contentLength
            case 15 where name.equalsIgnoringCase("x-forwarded-for"): .forwardedFor
            case 17 where name.equalsIgnoringCase("transfer-encoding"): .transferEncoding
            default: .other
            }
    }
}
