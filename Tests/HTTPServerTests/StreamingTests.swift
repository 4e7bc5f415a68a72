import Glibc
import HTTPTypes
import Linux
import Synchronization
import Testing

@testable import HTTPServer

extension Client {
    /// A body in chunks behind a head, decoded; `nil` when the connection ends before it does.
    func readChunks() -> (head: String, body: [UInt8], sizes: [Int])? {
        var bytes: [UInt8] = []
        func fill(_ isEnough: () -> Bool) -> Bool {
            while !isEnough() {
                guard let more = receive(), !more.isEmpty else { return false }
                bytes += more
            }
            return true
        }
        func line() -> String? {
            guard fill({ bytes.contains(10) }), let end = bytes.firstIndex(of: 10) else { return nil }
            defer { bytes.removeFirst(end + 1) }
            return String(decoding: bytes[..<(end - 1)], as: UTF8.self)
        }
        var head = ""
        while let text = line() {
            if text.isEmpty { break }
            head += text + "\n"
        }
        var body: [UInt8] = []
        var sizes: [Int] = []
        while let text = line(), let size = Int(text, radix: 16) {
            guard fill({ bytes.count >= size + 2 }) else { return nil }
            if size == 0 { return (head, body, sizes) }
            body += bytes[..<size]
            sizes.append(size)
            bytes.removeFirst(size + 2)
        }
        return nil
    }
}

@Suite("A body that is written piece by piece")
struct StreamingTests {
    /// No watch goes off: whoever streams gives the loop away by itself.
    private static let configuration: ServerConfiguration = {
        var configuration = ServerConfiguration()
        configuration.handlerPatience = .seconds(600)
        return configuration
    }()

    @Test("is sent in chunks as it comes, and the connection goes on behind it")
    func chunks() throws {
        let server = try LiveServer(Self.configuration) { router in
            router.get("/stream") { _ in
                .stream(.text) { body in
                    try body.write("one")
                    try body.write(" piece")
                    try body.flush()
                    try body.write([UInt8](repeating: 120, count: 40_000))
                }
            }
            router.get("/quick") { _ in .text("quick") }
        }
        defer { server.stop() }
        let client = try server.connect()
        for _ in 0..<3 {
            client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try #require(client.readChunks())
            #expect(answer.head.contains("Transfer-Encoding: chunked\n"))
            #expect(!answer.head.lowercased().contains("content-length"))
            #expect(answer.body == Array("one piece".utf8) + [UInt8](repeating: 120, count: 40_000))
            #expect(answer.sizes == [9, 16_384, 16_384, 7_232])
            #expect(client.get("/quick")?.text == "quick")
        }
    }

    @Test("arrives before the next is written, and holds nobody up")
    func live() throws {
        let (written, goOn) = (Semaphore(), Semaphore())
        let server = try LiveServer(Self.configuration) { router in
            router.get("/stream") { _ in
                .stream(.text) { body in
                    try body.write("first")
                    try body.flush()
                    written.signal()
                    goOn.wait()
                    try body.write("second")
                }
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        written.wait()
        var text = ""
        while !text.contains("first\r\n"), let more = client.receive() { text += String(decoding: more, as: UTF8.self) }
        #expect(!text.contains("second"))
        #expect(try server.connect().get("/quick")?.status == 204)
        goOn.signal()
        while !text.hasSuffix("0\r\n\r\n"), let more = client.receive() {
            text += String(decoding: more, as: UTF8.self)
        }
        #expect(text.hasSuffix("0006\r\nsecond\r\n0\r\n\r\n"))
    }

    @Test("waits for a client that does not read, so that it needs no memory")
    func backPressure() throws {
        let written = Atomic(0)
        let total = 60 * 1024 * 1024
        let server = try LiveServer(Self.configuration, sendBuffer: 64 * 1024) { router in
            router.get("/stream") { _ in
                .stream(.bytes) { body in
                    let piece = [UInt8](repeating: 1, count: 64 * 1024)
                    while written.load(ordering: .relaxed) < total {
                        try body.write(piece)
                        written.add(piece.count, ordering: .relaxed)
                    }
                }
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.setReceiveBuffer(64 * 1024)
        client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        var read = 0
        var ahead = 0
        while let more = client.receive(), !more.isEmpty {
            read += more.count
            ahead = max(ahead, written.load(ordering: .relaxed) - read)
            if read > total, more.suffix(5).elementsEqual(Array("0\r\n\r\n".utf8)) { break }
        }
        #expect(written.load(ordering: .relaxed) == total)
        // What the kernel holds for both ends.
        #expect(ahead < 8 * 1024 * 1024)
    }

    @Test("ends when the client has left: the write throws")
    func clientGone() throws {
        let (begun, ended) = (Semaphore(), Semaphore())
        let failure = Mutex<StreamError?>(nil)
        let server = try LiveServer(Self.configuration) { router in
            router.get("/stream") { _ in
                .stream(.text) { body in
                    defer { ended.signal() }
                    do throws(StreamError) {
                        try body.write("x")
                        try body.flush()
                        begun.signal()
                        while true {
                            try body.write([UInt8](repeating: 1, count: 1024 * 1024))
                        }
                    } catch {
                        failure.withLock { $0 = error }
                        throw error
                    }
                }
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        begun.wait()
        client.close()
        ended.wait()
        #expect(failure.withLock { $0 } == .clientGone)
        let other = try server.connect()
        #expect(other.get("/quick")?.status == 204)
        while server.openConnections > 1 { sched_yield() }
    }

    @Test("ends when the client takes next to nothing")
    func clientTooSlow() throws {
        let failure = Mutex<StreamError?>(nil)
        let ended = Semaphore()
        var configuration = Self.configuration
        configuration.writeTimeout = .milliseconds(100)
        let server = try LiveServer(configuration, sendBuffer: 16 * 1024) { router in
            router.get("/stream") { _ in
                .stream(.text) { body in
                    defer { ended.signal() }
                    do throws(StreamError) {
                        while true { try body.write([UInt8](repeating: 1, count: 1024 * 1024)) }
                    } catch {
                        failure.withLock { $0 = error }
                        throw error
                    }
                }
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.setReceiveBuffer(4096)
        client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        ended.wait()
        #expect(failure.withLock { $0 } == .clientTooSlow)
    }

    @Test("is cut when what writes it throws, so that nobody takes it for whole")
    func cut() throws {
        struct Broken: Error {}
        final class Seen: ServerObserver, Sendable {
            let cut = Mutex<[Bool]>([])
            func requestEnded(_ exchange: Exchange) {
                cut.withLock { $0.append(exchange.isCut && exchange.error is Broken) }
            }
        }
        let seen = Seen()
        let server = try LiveServer(Self.configuration, observer: seen) { router in
            router.get("/stream") { _ in
                .stream(.text) { body in
                    try body.write("half")
                    try body.flush()
                    throw Broken()
                }
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.readChunks() == nil)
        client.close()
        server.stop()
        #expect(seen.cut.withLock { $0 } == [true])
    }

    @Test("has no chunks for HTTP/1.0 and ends with the connection; HEAD has none of it")
    func other() throws {
        let runs = Atomic(0)
        let server = try LiveServer(Self.configuration) { router in
            router.get("/stream") { _ in
                .stream(.text) { body in
                    runs.add(1, ordering: .relaxed)
                    try body.write("all of it")
                }
            }
        }
        defer { server.stop() }
        let old = try server.connect()
        old.send("GET /stream HTTP/1.0\r\n\r\n")
        var text = ""
        while let more = old.receive(), !more.isEmpty { text += String(decoding: more, as: UTF8.self) }
        #expect(text.hasSuffix("\r\n\r\nall of it"))
        #expect(!text.contains("chunked"))
        let client = try server.connect()
        client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.readResponse(toHead: true)?.status == 200)
        #expect(runs.load(ordering: .relaxed) == 1)
    }

    @Test("of events has their form, and an end of its own when the server stops")
    func events() throws {
        let sent = Semaphore()
        let server = try LiveServer(Self.configuration) { router in
            router.get("/events") { _ in
                .events { events in
                    try events.send(data: "a\nb\r\nc", event: "news", id: "7", retry: .seconds(2))
                    try events.keepAlive()
                    sent.signal()
                    while true {
                        usleep(1000)
                        try events.keepAlive()
                    }
                }
            }
        }
        let client = try server.connect()
        client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
        sent.wait()
        server.drain()
        let answer = try #require(client.readChunks())
        #expect(answer.head.contains("Content-Type: text/event-stream\n"))
        let text = String(decoding: answer.body, as: UTF8.self)
        #expect(text.hasPrefix("event: news\nid: 7\nretry: 2000\ndata: a\ndata: b\ndata: c\n\n:\n\n"))
        client.close()
        server.join()
    }

    @Test("can be looked at without a connection")
    func collected() throws {
        var router = Router()
        router.get("/stream") { _ in .stream(.text) { body in for number in 1...3 { try body.write("\(number) ") } } }
        let response = router.respond(to: try Request(.get, "/stream"))
        #expect(try response.body.collect() == Array("1 2 3 ".utf8))
    }
}

@Suite("A body that is read piece by piece")
struct BodyReaderTests {
    /// A server whose handler counts and sums what it reads.
    private func server(
        _ configuration: ServerConfiguration = ServerConfiguration(),
        admission: [Admission] = [],
        begun: Linux.Semaphore? = nil,
        reads: Int = .max
    ) throws -> LiveServer {
        try LiveServer(configuration) { router in
            router.group("/upload", admission: admission) { group in
                group.post(maxBodySize: 1 << 30, body: .streamed) { request in
                    begun?.signal()
                    let body = request.bodyReader
                    var (count, sum, pieces) = (0, 0, 0)
                    while pieces < reads, let piece = try body.next() {
                        count += piece.count
                        sum = piece.reduce(sum) { $0 &+ Int($1) }
                        pieces += 1
                        #expect(piece.count <= 64 * 1024 && !piece.isEmpty)
                    }
                    return .text("\(count) \(sum)")
                }
            }
            router.post("/whole") { request in
                var text = ""
                let body = request.bodyReader
                while let piece = try body.next() { text += String(decoding: piece, as: UTF8.self) }
                return .text(text)
            }
            router.get("/quick") { _ in .noContent }
        }
    }

    private var large: ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.maxBodySize = 1 << 30
        // Far less than what is sent.
        configuration.maxBodyMemory = 128 * 1024
        return configuration
    }

    @Test("is there as it comes, of known size and in chunks, and the connection goes on", arguments: [false, true])
    func pieces(isChunked: Bool) throws {
        let begun = Semaphore()
        let server = try server(large, begun: begun)
        defer { server.stop() }
        let client = try server.connect()
        let piece = [UInt8](repeating: 3, count: 100_000)
        for _ in 0..<2 {
            client.send(
                "POST /upload HTTP/1.1\r\nHost: a\r\n"
                    + (isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: 5000000\r\n\r\n")
            )
            // Before anything of the body has been sent.
            begun.wait()
            #expect(try server.connect().get("/quick")?.status == 204)
            for _ in 0..<50 {
                if isChunked { client.send("186A0\r\n") }
                client.send(piece)
                if isChunked { client.send("\r\n") }
            }
            if isChunked { client.send("0\r\n\r\n") }
            let answer = client.readResponse()
            #expect(answer?.text == "5000000 15000000")
            #expect(answer?["Connection"] == nil)
        }
        #expect(client.get("/quick")?.status == 204)
    }

    @Test("may be whole in the request's own piece, empty, or of a route that takes it whole")
    func small() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\u{1}\u{2}\u{3}")
        #expect(client.readResponse()?.text == "3 6")
        client.send(
            "POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\u{1}\u{2}\r\n0\r\n\r\n"
        )
        #expect(client.readResponse()?.text == "2 3")
        client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        #expect(client.readResponse()?.text == "0 0")
        client.send("POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        #expect(client.readResponse()?.text == "hello")
        #expect(client.get("/quick")?.status == 204)
    }

    @Test("is asked for when it is read, and never of who is not admitted")
    func expectation() throws {
        let admission: Admission = { request in
            if request.value(of: .authorization) == nil { throw Problem(.unauthorized) }
        }
        let server = try server(admission: [admission])
        defer { server.stop() }
        let client = try server.connect()
        client.send(
            "POST /upload HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        )
        #expect(client.readResponse()?.status == 100)
        client.send([1, 2])
        #expect(client.readResponse()?.text == "2 3")
        client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(client.readResponse()?.status == 401)
    }

    @Test("that is not read ends the connection with the answer")
    func unread() throws {
        let server = try server(large, reads: 1)
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc")
        let answer = client.readResponse()
        #expect(answer?.status == 200)
        #expect(answer?["Connection"] == "close")
    }

    @Test("that is wrong is answered as any: too large, malformed, too slow")
    func wrong() throws {
        var configuration = ServerConfiguration()
        configuration.maxBodySize = 1000
        configuration.bodyTimeout = .milliseconds(100)
        let server = try server(configuration)
        defer { server.stop() }
        for (request, status) in [
            ("Content-Length: 1001\r\n\r\n", 413), ("Transfer-Encoding: chunked\r\n\r\n3E9\r\n", 413),
            ("Transfer-Encoding: chunked\r\n\r\n1F4\r\n\(String(repeating: "x", count: 500))\r\n1F5\r\n", 413),
            ("Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400), ("Content-Length: 10\r\n\r\nabc", 408),
        ] {
            let client = try server.connect()
            client.send("POST /upload HTTP/1.1\r\nHost: a\r\n\(request)")
            let answer = client.readResponse()
            #expect(answer?.status == status, "\(request.prefix(60))")
            #expect(answer?["Connection"] == "close")
        }
    }
}
