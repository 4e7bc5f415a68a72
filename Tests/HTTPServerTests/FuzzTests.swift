import HTTPTypes
import Testing

@testable import HTTPServer

/// SplitMix64: the same inputs in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

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
    /// Set `FUZZ_INPUTS` to run for longer, `FUZZ_SEED` to run others.
    private static func number(_ name: String, or usual: Int) -> Int {
        environment(name).flatMap { Int($0) } ?? usual
    }

    @Test("gets the same verdict whole, byte by byte, and cut at random")
    func requests() {
        var generator = SeededGenerator(seed: UInt64(Self.number("FUZZ_SEED", or: 1)))
        let feed = Feed()
        for _ in 0..<Self.number("FUZZ_INPUTS", or: 10_000) {
            let bytes = RequestMutator.next(&generator)
            let whole = feed.verdicts(bytes)
            var pieces: [Int] = []
            var rest = bytes.count
            while rest > 0 {
                pieces.append(Int.random(in: 1...min(rest, 40), using: &generator))
                rest -= pieces.last!
            }
            guard feed.verdictsBytewise(bytes) == whole, feed.verdicts(bytes, pieces: pieces) == whole else {
                Issue.record("verdicts differ for \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return
            }
        }
    }

    @Test("leads the router to a route whose segments are in the path")
    func routing() {
        var generator = SeededGenerator(seed: UInt64(Self.number("FUZZ_SEED", or: 2)))
        let parts = ["", "a", "b", "ab", "rooms", "1", "%41", ".", "é"]
        var router = Router()
        for pattern in ["/", "/a", "/a/{x}", "/{x}/b", "/{x}/{y}/a", "/a/b", "/rooms/{id}/ab", "/rooms/1"] {
            router.get(pattern) { request in .text(request.route ?? "") }
        }
        let trie = RouteTrie(router.routes)
        for _ in 0..<Self.number("FUZZ_INPUTS", or: 10_000) {
            let segments = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                parts.randomElement(using: &generator)!
            }
            let path = "/" + segments.joined(separator: "/")
            var match = PathMatch()
            let verdict = trie.match(Array(path.utf8).span, .get, into: &match)
            let candidates = router.routes.indices.filter { index in
                let pattern = router.routes[index].segments
                if segments == [""] { return pattern.isEmpty }
                return pattern.count == segments.count
                    && zip(pattern, segments).allSatisfy { part, segment in
                        switch part {
                        case .literal(let text): text == segment
                        case .parameter: !segment.isEmpty
                        }
                    }
            }
            if case .route(let index) = verdict {
                #expect(candidates.contains(index), "\(path)")
            } else {
                #expect(verdict == .notFound && candidates.isEmpty, "\(path)")
            }
        }
    }

    @Test("of a query never traps, and its parts are found again")
    func queries() throws {
        var generator = SeededGenerator(seed: UInt64(Self.number("FUZZ_SEED", or: 3)))
        let parts = ["a", "b", "=", "&", "+", "%20", "%26", "%3D", "%C3%A9", "?", "/", "[", "]", ";"]
        for _ in 0..<Self.number("FUZZ_INPUTS", or: 10_000) {
            let text = (0..<Int.random(in: 0...12, using: &generator))
                .map { _ in parts.randomElement(using: &generator)! }.joined()
            let query = try Request(.get, "/?" + text).query
            #expect(query.raw == text)
            for parameter in query.parameters {
                #expect(query.values(for: parameter.name).contains(parameter.value))
                #expect(query[parameter.name] == query.values(for: parameter.name).first)
            }
        }
    }
}
