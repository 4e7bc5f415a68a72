import HTTPTypes

@testable import HTTPServer

/// What holds for whatever bytes a stranger sends: the fuzz target and the tests with random input ask the same.
/// Each returns what is wrong, or `nil`.
enum Property {
    /// A connection's bytes mean the same whole, byte by byte, and cut anywhere. A request that is refused gets its own
    /// id or one that is made, never that of the next one.
    static func connection(_ bytes: [UInt8], _ feed: Feed = Feed(), using generator: inout SeededGenerator) -> String? {
        let whole = feed.verdicts(bytes)
        if case .refusedWithStrangeID? = whole.last { return "\(whole)" }
        let bytewise = feed.verdictsBytewise(bytes)
        if bytewise != whole { return "whole \(whole), byte by byte \(bytewise)" }
        let pieces = generator.pieces(of: bytes.count, most: 40)
        let cut = feed.verdicts(bytes, pieces: pieces)
        return cut == whole ? nil : "whole \(whole), in pieces of \(pieces) \(cut)"
    }

    /// A field line is read as the plainest reading of RFC 9112 section 5 does, whatever stands behind it.
    static func fieldLine(_ bytes: [UInt8], behind: [UInt8] = []) -> String? {
        let line = bytes.filter { $0 != ASCII.lineFeed }
        guard !line.isEmpty else { return nil }
        let expected = ReferenceField(line)
        let request = Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + line + Array("\r\n\r\n".utf8) + behind
        var parser = HeadParser()
        do throws(RequestError) {
            guard try parser.parse(request.span, limits: HeadParser.Limits(ServerConfiguration())) != nil else {
                return "the head has no end"
            }
        } catch {
            // What a field means may be refused as well.
            return expected == nil || expected?.known != .other || error.status == 431 ? nil : "refused: \(error)"
        }
        let field = parser.head.fields[1]
        let found = ReferenceField(
            name: Array(request[field.name.range]),
            value: Array(request[field.value.range]),
            known: field.known
        )
        return found == expected ? nil : "found \(found), expected \(String(describing: expected))"
    }

    /// A body comes out of its chunks as it went in.
    static func chunks(_ body: [UInt8], using generator: inout SeededGenerator) -> String? {
        var message = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        let headSize = message.count
        var position = 0
        for size in generator.pieces(of: body.count, most: 300) {
            message += Array("\(String(size, radix: 16, uppercase: Bool.random(using: &generator)));x=y\r\n".utf8)
            message += body[position..<position + size] + [13, 10]
            position += size
        }
        message += Array("0\r\nA: b\r\n\r\n".utf8)
        let block = InputBlock(copying: message)
        let record = RequestRecord(context: ServerContext(routes: RouteTable(), trustedProxies: []), input: block)
        let limits = HeadParser.Limits(ServerConfiguration())
        var reader = RequestReader()
        reader.maxBodySize = body.count
        var end = message.count
        do throws(RequestError) {
            guard try reader.readHead(of: record, until: headSize, limits: limits),
                try reader.readBody(of: record, until: &end, limits: limits) == message.count
            else { return "the body has no end" }
        } catch {
            return "refused: \(error)"
        }
        return Request(record: record).body == body ? nil : "another body: \(Request(record: record).body)"
    }

    /// A chunk's extensions are taken just when the grammar of RFC 9112 section 7.1.1 has them.
    static func chunkExtensions(_ bytes: [UInt8], _ feed: Feed = Feed()) -> String? {
        let extensions = bytes.filter { $0 != ASCII.lineFeed }
        let message =
            Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1".utf8) + extensions
            + Array("\r\nx\r\n0\r\n\r\n".utf8)
        // Hexadecimal digits would be more of the size; and extensions have a limit.
        if let first = extensions.first, ASCII.hexValue(first) != nil { return nil }
        guard extensions.count < 4096 else { return nil }
        let verdicts = feed.verdictsBytewise(message)
        if ReferenceExtensions.areValid(extensions) {
            guard verdicts.count == 1, case .request? = verdicts.first else { return "refused" }
        } else {
            guard verdicts == [.refused(400)] else { return "taken" }
        }
        return nil
    }

    /// A path leads to the route whose segments it has, to the one that is literal first when there are several.
    static func path(_ bytes: [UInt8]) -> String? {
        let path = [UInt8(ascii: "/")] + bytes
        let segments = path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let candidates = routes.indices.filter { index in
            let pattern = routes[index].segments
            if bytes.isEmpty { return pattern.isEmpty }
            return pattern.count == segments.count
                && zip(pattern, segments).allSatisfy { part, segment in
                    switch part {
                    case .literal(let text): segment.elementsEqual(text.utf8)
                    case .parameter: !segment.isEmpty
                    }
                }
        }
        let best = candidates.min { left, right in
            routes[left].segments.map(isParameter).lexicographicallyPrecedes(routes[right].segments.map(isParameter)) {
                !$0 && $1
            }
        }
        var match = PathMatch()
        let verdict = trie.match(path.span, .get, into: &match)
        guard verdict == best.map({ .route($0) }) ?? .notFound else { return "\(verdict), expected \(best ?? -1)" }
        guard let best else { return nil }
        let values = match.values.indices.prefix(match.valueCount).map { path[match.values[$0].range] }
        let expected = zip(routes[best].segments, segments).filter { part, _ in isParameter(part) }.map { $1 }
        return values == expected ? nil : "parameters \(values), expected \(expected)"
    }

    private static let routes: [Route] = {
        var router = Router()
        for pattern in [
            "/", "/a", "/a/{x}", "/{x}/b", "/{x}/{y}/a", "/a/b", "/rooms/{id}/ab", "/rooms/1", "/{x}/b/{z}",
        ] {
            router.get(pattern) { _ in .noContent }
        }
        return router.routes
    }()
    private static let trie = RouteTrie(routes)

    private static func isParameter(_ segment: Route.Segment) -> Bool {
        if case .parameter = segment { true } else { false }
    }

    /// A query is read as forms are (URL Standard, "application/x-www-form-urlencoded parsing").
    static func query(_ bytes: [UInt8]) -> String? {
        let record = RequestRecord(
            context: ServerContext(routes: RouteTable(), trustedProxies: []),
            input: InputBlock(copying: bytes + [0])
        )
        record.head.query = ByteRange(0..<bytes.count)
        let query = Query(record: record)
        let expected = bytes.split(separator: UInt8(ascii: "&")).map { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (name: decoded(parts[0]), value: text(decoded(parts.count > 1 ? parts[1] : [])))
        }
        let found = query.parameters
        guard found.elementsEqual(expected, by: { $0.name == text($1.name) && $0.value == $1.value }) else {
            return "parameters \(found), expected \(expected)"
        }
        for (name, _) in expected {
            // The engine takes no query that is not UTF-8.
            guard let name = String(validating: name, as: UTF8.self) else { continue }
            let values = expected.filter { $0.name == Array(name.utf8) }.map(\.value)
            guard query.values(for: name) == values, query[name] == values.first else {
                return "values of \(name): \(query.values(for: name)), expected \(values)"
            }
        }
        return nil
    }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var rest = bytes
        var decoded: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = hexadecimal(rest.prefix(2)) {
                decoded.append(value)
                rest.removeFirst(2)
            } else {
                decoded.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return decoded
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        let text = String(decoding: digits, as: UTF8.self)
        return text.allSatisfy { $0.isASCII && $0.isHexDigit } ? UInt8(text, radix: 16) : nil
    }
}

/// `field-name ":" OWS field-value OWS` (RFC 9112 section 5), as plainly as it can be said.
struct ReferenceField: Equatable {
    let name: [UInt8]
    let value: [UInt8]
    let known: KnownField

    init(name: [UInt8], value: [UInt8], known: KnownField) {
        self.name = name
        self.value = value
        self.known = known
    }

    init?(_ line: [UInt8]) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
        let name = line[..<colon]
        var value = line[(colon + 1)...]
        guard name.allSatisfy(Self.tokens.contains), value.allSatisfy({ $0 == 9 || $0 >= 0x20 && $0 != 0x7F }) else {
            return nil
        }
        while let first = value.first, first == 0x20 || first == 9 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 9 { value.removeLast() }
        self.name = Array(name)
        self.value = Array(value)
        known = Self.known[String(decoding: name, as: UTF8.self).lowercased()] ?? .other
    }

    static let tokens = Set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~".utf8
    )
    private static let known: [String: KnownField] = [
        "host": .host, "connection": .connection, "content-length": .contentLength,
        "transfer-encoding": .transferEncoding, "expect": .expect, "x-request-id": .requestID,
        "x-forwarded-for": .forwardedFor,
    ]
}

/// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )` (RFC 9112 section 7.1.1), read from left to right.
enum ReferenceExtensions {
    static func areValid(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            skipBlanks(&rest)
            guard rest.popFirst() == UInt8(ascii: ";") else { return false }
            skipBlanks(&rest)
            guard skipToken(&rest) else { return false }
            var value = rest
            skipBlanks(&value)
            guard value.popFirst() == UInt8(ascii: "=") else { continue }
            skipBlanks(&value)
            guard skipToken(&value) || skipQuotedString(&value) else { return false }
            rest = value
        }
        return true
    }

    private static func skipBlanks(_ rest: inout ArraySlice<UInt8>) {
        rest = rest.drop { $0 == 0x20 || $0 == 9 }
    }

    private static func skipToken(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let token = rest.prefix(while: ReferenceField.tokens.contains)
        rest = rest.dropFirst(token.count)
        return !token.isEmpty
    }

    /// RFC 9110 section 5.6.4.
    private static func skipQuotedString(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.popFirst() == UInt8(ascii: "\"") else { return false }
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return true }
            guard let content = byte == UInt8(ascii: "\\") ? rest.popFirst() : byte else { return false }
            guard content == 9 || content >= 0x20 && content != 0x7F else { return false }
        }
        return false
    }
}
