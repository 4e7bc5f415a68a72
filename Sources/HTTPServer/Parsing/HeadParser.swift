/// Reads a request's head, line by line, however the bytes are cut: RFC 9112 sections 2 to 5, and where the RFC lets a
/// server be lenient it is not. A line ends with CR LF; a bare CR or LF, folded lines, and blanks around a field's name
/// are refused, because two servers in a row could read them differently.
struct HeadParser {
    struct Limits {
        let requestLine: Int
        let field: Int
        let section: Int
        let fieldCount: Int

        init(_ configuration: ServerConfiguration) {
            requestLine = configuration.maxRequestLineSize
            field = configuration.maxFieldSize
            section = configuration.maxFieldSectionSize
            fieldCount = configuration.maxFieldCount
        }
    }

    /// No registered method is longer than 17 bytes; what is longer than this is none.
    private static let longestMethod = 32

    /// Where the line begins that is not complete yet, or that ends the head.
    private(set) var lineStart = 0
    /// Up to where no line end was found, so that a head that comes byte by byte is not searched again and again.
    private var searched = 0
    /// Where the fields begin; 0 before the request line is read.
    private var sectionStart = 0
    private var semantics = FieldSemantics()
    /// Whether the request line is read.
    var isInFields: Bool { sectionStart > 0 }
    /// What was read so far.
    private(set) var head: RequestHead

    /// - Parameter fields: An empty table whose memory is used again.
    init(reusing fields: consuming [FieldEntry] = []) {
        head = RequestHead(fields: fields)
    }

    /// Hands over the head, and the memory of its fields with it.
    mutating func takeHead() -> RequestHead {
        var taken = RequestHead()
        swap(&taken, &head)
        return taken
    }

    /// Reads on.
    /// - Parameters:
    ///   - bytes: All bytes of the request so far.
    ///   - limits: What to refuse as too large.
    /// - Returns: The size of the head when it is complete, else `nil`: call again with more bytes.
    mutating func parse(_ bytes: Span<UInt8>, limits: Limits) throws(RequestError) -> Int? {
        // A client that speaks TLS may never send a line end: it is refused at its first byte.
        if searched == 0, !bytes.isEmpty, !ByteSet.token.contains(bytes[0]), bytes[0] != ASCII.carriageReturn {
            throw .malformed("The request does not begin with a method.")
        }
        while true {
            let lineFeed = bytes.firstIndex(of: ASCII.lineFeed, from: searched)
            // An unfinished line has at least its line feed still to come.
            let end = lineFeed.map { $0 + 1 } ?? bytes.count + 1
            var methodEnd = 0
            if sectionStart == 0 {
                methodEnd = try Self.endOfMethod(bytes, from: lineStart)
                if end - lineStart > limits.requestLine { throw .lineTooLong }
            } else if end - lineStart > limits.field || end - sectionStart > limits.section {
                throw .fieldTooLarge
            }
            guard let lineFeed else {
                searched = bytes.count
                return nil
            }
            guard lineFeed > lineStart, bytes[lineFeed - 1] == ASCII.carriageReturn else {
                throw .malformed("A line ends with a bare line feed.")
            }
            let line = lineStart..<lineFeed - 1
            if line.isEmpty, isInFields {
                // `lineStart` stays: of a head that is refused at its end, nothing behind it must be read.
                try semantics.finish(&head)
                return lineFeed + 1
            }
            // One empty line may come first (RFC 9112 section 2.2).
            if line.isEmpty, head.start > 0 { throw .malformed("The request begins with empty lines.") }
            lineStart = lineFeed + 1
            searched = lineStart
            if line.isEmpty {
                head.start = lineStart
            } else if sectionStart == 0 {
                try Self.parseRequestLine(bytes, line, methodEnd: methodEnd, into: &head)
                semantics = FieldSemantics(version: head.version)
                sectionStart = lineStart
            } else {
                if head.fields.count == limits.fieldCount { throw .tooManyFields }
                let field = try Self.parseField(bytes, line)
                head.fields.append(field)
                if field.known != .other { try semantics.read(field, of: bytes, into: &head) }
            }
        }
    }

    /// Where the token ends that begins at `start`, or the bytes do. No more of it needs to come when it is longer than
    /// any method: RFC 9112 section 3 wants 501, whatever stands behind it.
    static func endOfMethod(_ bytes: Span<UInt8>, from start: Int) throws(RequestError) -> Int {
        let most = min(bytes.count, start + longestMethod + 1)
        var position = start
        while position < most, ByteSet.token.contains(bytes[position]) { position += 1 }
        guard position - start <= longestMethod else { throw .unknownMethod }
        return position
    }

    /// `method SP request-target SP HTTP-version` (RFC 9112 section 3).
    private static func parseRequestLine(
        _ bytes: Span<UInt8>,
        _ line: Range<Int>,
        methodEnd: Int,
        into head: inout RequestHead
    ) throws(RequestError) {
        guard methodEnd > line.lowerBound, methodEnd < line.upperBound, bytes[methodEnd] == ASCII.space else {
            throw .malformed("The request line does not begin with a method and a space.")
        }
        let targetStart = methodEnd + 1
        // `SP HTTP/d.d` are the last nine bytes.
        let targetEnd = line.upperBound - 9
        guard targetEnd > targetStart, bytes[targetEnd] == ASCII.space else {
            throw .malformed("The request line is not method, target and version with single spaces between.")
        }
        head.target = ByteRange(targetStart..<targetEnd)
        let version = bytes.extracting(targetEnd + 1..<line.upperBound)
        guard version[0] == UInt8(ascii: "H"), version[1] == UInt8(ascii: "T"), version[2] == UInt8(ascii: "T"),
            version[3] == UInt8(ascii: "P"), version[4] == UInt8(ascii: "/"), ASCII.isDigit(version[5]),
            version[6] == UInt8(ascii: "."), ASCII.isDigit(version[7])
        else { throw .malformed("The request line does not end with an HTTP version.") }
        guard version[5] == UInt8(ascii: "1") else { throw .unknownVersion }
        head.version = version[7] == UInt8(ascii: "0") ? .http1_0 : .http1_1

        guard let method = RequestMethod(bytes.extracting(line.lowerBound..<methodEnd)), method != .connect else {
            throw .unknownMethod
        }
        head.method = method
        head.methodName = ByteRange(line.lowerBound..<methodEnd)
        try RequestTarget.parse(bytes, into: &head)
    }

    /// `field-name ":" OWS field-value OWS` (RFC 9112 section 5).
    /// - Parameter line: Without its end, which must be there.
    static func parseField(_ bytes: Span<UInt8>, _ line: Range<Int>) throws(RequestError) -> FieldEntry {
        // Neither goes beyond the line, whose end is a control byte.
        let nameEnd = endOfName(bytes, from: line.lowerBound)
        guard nameEnd > line.lowerBound, bytes[nameEnd] == UInt8(ascii: ":") else {
            throw .malformed("A header field does not begin with a name and a colon.")
        }
        guard endOfValue(bytes, from: nameEnd + 1) == line.upperBound else {
            throw .malformed("A header field holds a control character.")
        }
        var start = nameEnd + 1
        var end = line.upperBound
        while start < end, bytes[start] == ASCII.space || bytes[start] == ASCII.tab { start += 1 }
        while end > start, bytes[end - 1] == ASCII.space || bytes[end - 1] == ASCII.tab { end -= 1 }
        return FieldEntry(
            name: ByteRange(line.lowerBound..<nameEnd),
            value: ByteRange(start..<end),
            known: KnownField(bytes.extracting(line.lowerBound..<nameEnd))
        )
    }

    /// Where the token ends that begins at `start`. The bytes behind are read too, none of them is part of it.
    @inline(__always)
    private static func endOfName(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        let last = bytes.count - 8
        while position <= last {
            let count = SWAR(bytes, at: position).nameCount
            position &+= count
            if count < 8 { break }
        }
        while ByteSet.token.contains(bytes[position]) { position += 1 }
        return position
    }

    /// Where the first byte is that no field value may hold, at the latest the end of the line that is a control byte.
    @inline(__always)
    private static func endOfValue(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        let last = bytes.count - 8
        while position <= last {
            let controls = SWAR(bytes, at: position).controls
            if controls.isEmpty {
                position &+= 8
                continue
            }
            position &+= controls.first
            guard bytes[position] == ASCII.tab else { return position }
            position &+= 1
        }
        while ASCII.isFieldContent(bytes[position]) { position += 1 }
        return position
    }
}
