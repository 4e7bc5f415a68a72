import HTTPTypes
import Linux
import Testing

@testable import HTTPClient
@testable import ProcessHarness

@Suite("A stream", .needs(.python3, .openssl))
struct StreamTests {
    private let server: HostileServer

    init() throws { server = try HostileServer.shared.get() }

    @Test("is read piece by piece, larger than an answer that is held in memory may be")
    func download() throws {
        let client = try HTTPClient(.patient)
        let (count, largest) = try client.stream(.get(server.url("/bytes/20000000"))) { answer in
            #expect(answer.status == .ok)
            #expect(answer.head.value(of: .contentLength) == "20000000")
            var count = 0
            var largest = 0
            while let piece = try answer.next() {
                count += piece.count
                largest = max(largest, piece.count)
            }
            #expect(try answer.next() == nil)
            return (count, largest)
        }
        #expect(count == 20_000_000)
        #expect(largest <= 128 << 10)
    }

    @Test("may be left early, and its reader may call out meanwhile")
    func early() throws {
        let client = try HTTPClient(.patient)
        let text = try client.stream(.get(server.url("/endless"))) { answer in
            _ = try answer.next()
            return try client.send(.get(server.url("/ok"))).text
        }
        #expect(text == "{\"name\":\"ok\"}")
        struct Enough: Error {}
        #expect(throws: Enough.self) {
            try client.stream(.get(server.url("/endless"))) { answer in
                _ = try answer.next()
                throw Enough()
            }
        }
        #expect(try client.send(.get(server.url("/ok"))).status == .ok)
    }

    @Test("breaks off with an error where the answer does, and at its deadline")
    func broken() throws {
        let client = try HTTPClient(.hurried)
        for (path, expected) in [
            ("/reset-in-body", "reset"), ("/short", "reset"), ("/hang-in-body", "timedOut(body)"),
            ("/drip-body", "timedOut(body)"),
            ("/bad-chunks", "malformed"),
        ] {
            var count = 0
            let start = MonotonicInstant.now
            let error = failure {
                try client.stream(.get(server.url(path))) { answer in
                    while let piece = try answer.next() { count += piece.count }
                }
            }
            #expect(error?.reason.kind == expected, "\(path): \(String(describing: error))")
            #expect(MonotonicInstant.now - start < client.configuration.timeout + .seconds(2))
        }
        for (path, expected) in [
            ("/hang", "timedOut(firstByte)"), ("/close", "reset"), ("/endless-head", "tooLarge(head)"),
        ] {
            let error = failure {
                try client.stream(.get(server.url(path))) { _ in Issue.record("there is no answer") }
            }
            #expect(error?.reason.kind == expected, "\(path): \(String(describing: error))")
        }
    }

    @Test("sends what is made piece by piece, by a maker that may call out itself")
    func upload() throws {
        let client = try HTTPClient(.patient)
        for size in [nil, 300_000] as [Int?] {
            var left = 30
            let echo = try client.stream(HTTPClient.Request(.put, server.url("/echo")), size: size) {
                guard left > 0 else { return nil }
                left -= 1
                if left == 10 { _ = try client.send(.get(server.url("/ok"))) }
                return [UInt8](repeating: UInt8(ascii: "x"), count: 10_000)
            } _: { answer in
                var bytes: [UInt8] = []
                while let piece = try answer.next() { bytes += piece }
                return bytes
            }
            let text = String(decoding: echo, as: UTF8.self)
            #expect(
                text.contains(size == nil ? "\"transfer-encoding\": \"chunked\"" : "\"content-length\": \"300000\"")
            )
            #expect(text.utf8.count { $0 == UInt8(ascii: "x") } >= 300_000)
        }
    }

    @Test("of a stated size sends no byte more, and none that could be taken for another request")
    func surplus() throws {
        let client = try HTTPClient(.patient)
        let key = Unique.text
        let further = "GET /flaky/\(key)/0/200 HTTP/1.1\r\n\r\n"
        func send(_ pieces: [String], size: Int) -> HTTPClientError? {
            var pieces = pieces[...]
            return failure {
                try client.stream(HTTPClient.Request(.put, server.url("/echo")), size: size) {
                    pieces.popFirst().map { Array($0.utf8) }
                } _: { answer in
                    while try answer.next() != nil {}
                }
            }
        }
        for pieces in [["four" + further], ["fo", "ur" + further], ["fo", "u", further]] {
            let error = send(pieces, size: 4)
            #expect(error?.reason.kind == "refusedRequest", "\(pieces): \(String(describing: error))")
        }
        // When it is complete nobody is asked for more.
        #expect(send(["fo", "ur", further], size: 4) == nil)
        #expect(send(["fo", "u"], size: 4)?.reason.kind == "refusedRequest")
        #expect(try client.send(.get(server.url("/ok"))).status == .ok)
        #expect(try server.count(key) == 0)
    }

    @Test("whose maker fails ends with that error, and the next call is not harmed")
    func makerFails() throws {
        struct Broken: Error {}
        let client = try HTTPClient(.patient)
        #expect(throws: Broken.self) {
            try client.stream(HTTPClient.Request(.post, server.url("/echo")), uploading: { throw Broken() }) { _ in }
        }
        #expect(try client.send(.get(server.url("/ok"))).status == .ok)
    }
}
