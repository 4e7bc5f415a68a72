/// The request target (RFC 9112 section 3.2), and the one place where it is decided what a path may be.
///
/// - Origin form and absolute form are taken; the authority of the latter counts, whatever `Host` says. `*` goes with
///   OPTIONS only.
/// - A path is made of what RFC 3986 allows in one. `%XX` is decoded once, here; nothing decodes it again.
/// - Refused with 400, because a proxy in front and a handler behind could disagree on what they mean: dot segments
///   (`.`, `..`, written plainly or as `%2E`), an encoded slash or backslash, encoded NUL and other control bytes,
///   and what does not decode to UTF-8.
/// - Empty segments stay as they are, and match no route.
/// - A query may hold any visible ASCII but `#`; its escapes must be well-formed and decode to UTF-8.
enum RequestTarget {
    /// Reads ``RequestHead/target``.
    static func parse(
        _ bytes: Span<UInt8>,
        into head: inout RequestHead
    ) throws(RequestError) {
        let target = head.target.range
        var pathStart = target.lowerBound
        if bytes[pathStart] != UInt8(ascii: "/") {
            if target.count == 1, bytes[pathStart] == UInt8(ascii: "*") {
                guard head.method == .options else { throw .malformed("The target * is for OPTIONS only.") }
                head.isAsterisk = true
                head.rawPath = head.target
                return
            }
            pathStart = try parseAuthority(bytes, target, into: &head)
        }

        var position = pathStart
        var previous: UInt8 = 0
        var hasDots = false
        while position < target.upperBound {
            let byte = bytes[position]
            guard ByteSet.path.contains(byte) else { break }
            if byte == UInt8(ascii: "%") {
                head.pathHasEscapes = true
            } else if byte == UInt8(ascii: "."), previous == UInt8(ascii: "/") {
                hasDots = true
            }
            previous = byte
            position += 1
        }
        head.rawPath = ByteRange(pathStart..<position)
        if head.pathHasEscapes || hasDots { try checkPath(bytes.extracting(pathStart..<position)) }
        guard position < target.upperBound else { return }

        guard bytes[position] == UInt8(ascii: "?") else {
            throw .malformed("The path holds a character that must be percent-encoded.")
        }
        let queryStart = position + 1
        position = queryStart
        var hasEscapes = false
        while position < target.upperBound {
            let byte = bytes[position]
            guard ByteSet.query.contains(byte) else {
                throw .malformed("The query holds a character that must be percent-encoded.")
            }
            if byte == UInt8(ascii: "%") { hasEscapes = true }
            position += 1
        }
        head.query = ByteRange(queryStart..<target.upperBound)
        if hasEscapes, !PercentEncoding.isValid(bytes.extracting(queryStart..<target.upperBound)) {
            throw .malformed("The query holds an escape that is malformed or not UTF-8.")
        }
    }

    /// Absolute form: `http://authority/path`.
    /// - Returns: Where the path begins.
    private static func parseAuthority(
        _ bytes: Span<UInt8>,
        _ target: Range<Int>,
        into head: inout RequestHead
    ) throws(RequestError) -> Int {
        let text = bytes.extracting(target)
        let start: Int
        if text.count > 7, text.extracting(0..<7).equalsIgnoringCase("http://") {
            start = target.lowerBound + 7
        } else if text.count > 8, text.extracting(0..<8).equalsIgnoringCase("https://") {
            start = target.lowerBound + 8
        } else {
            throw .malformed("The target is neither a path nor an http URI.")
        }
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        guard Authority.isValid(bytes.extracting(start..<end)) else {
            throw .malformed("The target's authority is not a host with an optional port.")
        }
        head.authority = ByteRange(start..<end)
        return end
    }

    private static func checkPath(_ path: Span<UInt8>) throws(RequestError) {
        guard PercentEncoding.isValid(path) else {
            throw .malformed("The path holds an escape that is malformed or not UTF-8.")
        }
        var position = 0
        // The decoded length of the segment so far, and whether it is dots only.
        var length = 0
        var isDots = true
        while position < path.count {
            let isEscape = path[position] == UInt8(ascii: "%")
            let byte = PercentEncoding.path.nextByte(of: path, at: &position)
            if byte == UInt8(ascii: "/"), !isEscape {
                if isDots, length == 1 || length == 2 { throw .malformed("The path holds a dot segment.") }
                length = 0
                isDots = true
                continue
            }
            if isEscape {
                if byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") {
                    throw .malformed("The path holds an encoded slash or backslash.")
                }
                if byte < 0x20 || byte == 0x7F { throw .malformed("The path holds an encoded control character.") }
            }
            length += 1
            if byte != UInt8(ascii: ".") { isDots = false }
        }
        if isDots, length == 1 || length == 2 { throw .malformed("The path holds a dot segment.") }
    }
}

/// `uri-host [":" port]`, of `Host` and of absolute-form targets (RFC 9110 section 7.2, RFC 3986 section 3.2.2). User
/// information is not part of it, and an empty host is nobody's.
enum Authority {
    static func isValid(_ text: Span<UInt8>) -> Bool {
        var position = 0
        if !text.isEmpty, text[0] == UInt8(ascii: "[") {
            position = 1
            while position < text.count, ByteSet.addressLiteral.contains(text[position]) { position += 1 }
            guard position > 1, position < text.count, text[position] == UInt8(ascii: "]") else { return false }
            position += 1
        } else {
            while position < text.count, ByteSet.registeredName.contains(text[position]) { position += 1 }
            guard position > 0 else { return false }
        }
        guard position < text.count else { return true }
        guard text[position] == UInt8(ascii: ":") else { return false }
        position += 1
        guard text.count - position <= 5 else { return false }
        while position < text.count {
            guard ASCII.isDigit(text[position]) else { return false }
            position += 1
        }
        return true
    }
}
