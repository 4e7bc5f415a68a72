import Testing

/// Requests grown from the corpus by cutting, joining and damaging them.
struct RequestMutator {
    private static let seeds: [[UInt8]] =
        HostileCase.all.map(\.bytes).filter { $0.count < 2000 } + [Array(HostileCase.second.utf8)]
    private static let snippets: [[UInt8]] = [
        "\r\n", "\n", "\r", "\r\n\r\n", " ", "\t", ":", ",", ";", "%", "%2e", "%2F", "%00", "/", "//", "?", "&", "=",
        "+",
        "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Host: b\r\n", "Connection: close\r\n",
        "Expect: 100-continue\r\n", "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "0\r\n\r\n", "5\r\nhello\r\n",
        "FFFFFFFFFFFFFFF", "\0",
        "\u{7F}", "é", "[::1]", "http://a", "*",
    ].map { Array($0.utf8) }

    static func next(_ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = seeds.randomElement(using: &generator)!
        if Int.random(in: 0..<4, using: &generator) == 0 { bytes += seeds.randomElement(using: &generator)! }
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0 where place < bytes.count:
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1 where place < bytes.count:
                bytes.remove(at: place)
            case 2:
                bytes.insert(contentsOf: snippets.randomElement(using: &generator)!, at: place)
            case 3:
                let end = min(bytes.count, place + Int.random(in: 0...8, using: &generator))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            default:
                bytes.removeLast(min(bytes.count, Int.random(in: 0...4, using: &generator)))
            }
        }
        return bytes
    }
}

@Suite("Random input")
struct FuzzTests {
    /// Asks for something about many inputs; set `FUZZ_INPUTS` for more, `FUZZ_SEED` for others.
    private func always(seed: UInt64, _ fault: (inout SeededGenerator) -> (input: [UInt8], fault: String?)) {
        var generator = SeededGenerator(seed: environment("FUZZ_SEED").flatMap { UInt64($0) } ?? seed)
        for _ in 0..<(environment("FUZZ_INPUTS").flatMap { Int($0) } ?? 10_000) {
            let (input, fault) = fault(&generator)
            guard let fault else { continue }
            Issue.record("\(String(decoding: input, as: UTF8.self).debugDescription): \(fault)")
            return
        }
    }

    /// Parts in any order, and now and then a byte that belongs to none.
    private func mixture(of parts: [String], upTo count: Int, using generator: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 0...count, using: &generator)).flatMap { _ in
            Int.random(in: 0..<30, using: &generator) == 0
                ? [UInt8.random(in: 0...255, using: &generator)] : Array(parts.randomElement(using: &generator)!.utf8)
        }
    }

    @Test("gets the same verdict whole, byte by byte, and cut at random")
    func requests() {
        always(seed: 1) { generator in
            let bytes = RequestMutator.next(&generator)
            return (bytes, Property.connection(bytes, using: &generator))
        }
    }

    @Test("is a field line just when the plainest reading says so")
    func fields() {
        let parts = [
            "Host", "Accept", "X-Request-ID", "Content-Length", "a", "x-1_y", ":", ": ", " ", "\t", "-", "7",
            "text/html",
            "é", "\u{7F}", "\r", "aaaaaaaa", "Transfer-Encoding", "@", "[", "{", "`", "z", "Z",
        ]
        always(seed: 4) { generator in
            let line =
                Bool.random(using: &generator)
                ? mixture(of: parts, upTo: 8, using: &generator)
                : Array("Accept: ".utf8) + mixture(of: parts, upTo: 12, using: &generator)
            let behind = mixture(of: parts, upTo: 3, using: &generator)
            return (line, Property.fieldLine(line, behind: behind))
        }
    }

    @Test("comes out of its chunks as it went in")
    func chunks() {
        always(seed: 5) { generator in
            let body = (0..<Int.random(in: 0..<400, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            return (body, Property.chunks(body, using: &generator))
        }
    }

    @Test("is a chunk's extension just when the plainest reading says so")
    func chunkExtensions() {
        let parts = [
            ";", ";", "a", "b1", "=", "\"", "\"c\"", "\\", " ", "\t", "[", ",", "é", "\u{7F}", "\r", "\"\\\"\"", ";a=b",
        ]
        always(seed: 6) { generator in
            let extensions = mixture(of: parts, upTo: 8, using: &generator)
            return (extensions, Property.chunkExtensions(extensions))
        }
    }

    @Test("leads the router to the route that it should")
    func routing() {
        let parts = ["/", "/", "a", "b", "/a", "/b", "/rooms", "rooms", "1", "%41", ".", "é"]
        always(seed: 2) { generator in
            let path = mixture(of: parts, upTo: 6, using: &generator)
            return (path, Property.path(path))
        }
    }

    @Test("of a query never traps, and its parts are found again")
    func queries() {
        let parts = ["a", "b", "=", "&", "+", "%20", "%26", "%3D", "%C3%A9", "%", "%4", "%G1", "?", "/", "[", ";", "é"]
        always(seed: 3) { generator in
            let query = mixture(of: parts, upTo: 12, using: &generator)
            return (query, Property.query(query))
        }
    }
}
