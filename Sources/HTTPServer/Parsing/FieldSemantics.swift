/// The fields that decide where a request ends and whether another one may follow: `Host`, `Content-Length`,
/// `Transfer-Encoding`, `Connection`, `Expect`. Whatever two servers could read in two ways is refused.
struct FieldSemantics {
    private let version: HTTPVersion
    private var hasTransferEncoding = false
    private var hasTraceparent = false
    private var hasUnknownCoding = false
    private var hasUnknownExpectation = false
    private var closes = false
    private var keepsAlive = false

    init(version: HTTPVersion = .http1_1) {
        self.version = version
    }

    mutating func read(
        _ field: FieldEntry,
        of bytes: Span<UInt8>,
        into head: inout RequestHead
    ) throws(RequestError) {
        let value = bytes.extracting(field.value.range)
        switch field.known {
        case .host:
            // RFC 9112 section 3.2: exactly one, and a valid one.
            guard head.host.isEmpty else { throw .malformed("There is more than one Host field.") }
            guard Authority.isValid(value) else {
                throw .malformed("The Host field is not a host with an optional port.")
            }
            head.host = field.value
        case .contentLength:
            // RFC 9112 section 6.3 would let equal repetitions pass.
            guard head.contentLength < 0 else { throw .malformed("There is more than one Content-Length.") }
            guard let length = Self.decimal(value) else {
                throw .malformed("The Content-Length is not a number of bytes.")
            }
            head.contentLength = length
        case .transferEncoding:
            guard !hasTransferEncoding else { throw .malformed("There is more than one Transfer-Encoding field.") }
            hasTransferEncoding = true
            try readTransferEncoding(value, into: &head)
        case .connection:
            try Self.forEachElement(of: value) { option throws(RequestError) in
                if option.equalsIgnoringCase("close") {
                    closes = true
                } else if option.equalsIgnoringCase("keep-alive") {
                    keepsAlive = true
                }
            }
        case .expect:
            // HTTP/1.0 has no expectations (RFC 9110 section 10.1.1).
            guard version == .http1_1 else { break }
            if value.equalsIgnoringCase("100-continue") {
                head.expectsContinue = true
            } else {
                hasUnknownExpectation = true
            }
        case .requestID:
            if head.requestID.isEmpty, Self.isRequestID(value) { head.requestID = field.value }
        case .traceparent:
            // W3C Trace Context, section 3.2: one of them.
            head.traceparent = hasTraceparent ? ByteRange() : field.value
            hasTraceparent = true
        case .forwardedFor, .other:
            break
        }
    }

    /// What can be said only when all fields are there. What means but one thing and is refused all the same comes last: the
    /// head is complete by then.
    func finish(_ head: inout RequestHead) throws(RequestError) {
        if head.host.isEmpty {
            if version == .http1_1 { throw .malformed("There is no Host field.") }
        } else if !head.authority.isEmpty {
            // RFC 9112 section 3.2.2: the target counts, and takes the place of what Host says.
            head.host = head.authority
            for index in head.fields.indices where head.fields[index].known == .host {
                head.fields[index].value = head.authority
            }
        }
        if hasTransferEncoding {
            // The classic of request smuggling (RFC 9112 section 6.1).
            guard head.contentLength < 0 else { throw .malformed("There are Content-Length and Transfer-Encoding.") }
            guard version == .http1_1 else { throw .malformed("HTTP/1.0 has no Transfer-Encoding.") }
        }
        head.keepsAlive = !closes && (version == .http1_1 || keepsAlive)
        head.isComplete = true
        if version == .http1_0, head.contentLength < 0,
            head.method == .post || head.method == .put || head.method == .patch
        {
            throw .lengthRequired
        }
        if hasUnknownCoding { throw .unknownCoding }
        if hasUnknownExpectation { throw .expectationFailed }
    }

    /// What is safe to repeat in an answer and a log.
    static func isRequestID(_ value: Span<UInt8>) -> Bool {
        guard (1...128).contains(value.count) else { return false }
        for index in value.indices where !ByteSet.requestID.contains(value[index]) { return false }
        return true
    }

    /// Only `chunked`, once and alone (RFC 9112 section 6.1).
    private mutating func readTransferEncoding(_ value: Span<UInt8>, into head: inout RequestHead) throws(RequestError)
    {
        var count = 0
        var isChunked = false
        var hasUnknown = false
        try Self.forEachElement(of: value) { coding throws(RequestError) in
            count += 1
            if isChunked { throw .malformed("The transfer coding chunked is not the last one.") }
            if coding.equalsIgnoringCase("chunked") {
                isChunked = true
            } else {
                hasUnknown = true
            }
        }
        guard count > 0 else { throw .malformed("The Transfer-Encoding is empty.") }
        guard isChunked else { throw .malformed("The last transfer coding is not chunked.") }
        hasUnknownCoding = hasUnknown
        head.isChunked = true
    }

    /// Digits, and nothing else: no sign, no list, no blank, nothing that overflows.
    private static func decimal(_ text: Span<UInt8>) -> Int? {
        guard (1...18).contains(text.count) else { return nil }
        var number = 0
        for index in text.indices {
            guard ASCII.isDigit(text[index]) else { return nil }
            number = number * 10 + Int(text[index] - UInt8(ascii: "0"))
        }
        return number
    }

    /// The elements of a comma-separated list without the blanks around them (RFC 9110 section 5.6.1).
    private static func forEachElement(
        of list: Span<UInt8>,
        _ body: (Span<UInt8>) throws(RequestError) -> Void
    ) throws(RequestError) {
        var position = 0
        while position <= list.count {
            var start = position
            var end = start
            while end < list.count, list[end] != UInt8(ascii: ",") { end += 1 }
            position = end + 1
            while start < end, list[start] == ASCII.space || list[start] == ASCII.tab { start += 1 }
            while end > start, list[end - 1] == ASCII.space || list[end - 1] == ASCII.tab { end -= 1 }
            if start < end { try body(list.extracting(start..<end)) }
        }
    }
}
