import HTTPTypes
import Synchronization
import Testing

@testable import HTTPServer

@Suite("A connection")
struct ConnectionTests {
    private func server(_ configuration: ServerConfiguration = ServerConfiguration()) throws -> LiveServer {
        try LiveServer(configuration) { router in
            router.get("/") { _ in .text("root") }
            router.get("/number/{n}") { request in .text(request.parameters["n"] ?? "") }
            router.post("/echo") { request in Response(body: .bytes(request.body)) }
            router.post("/small", maxBodySize: 10) { request in Response(body: .bytes(request.body)) }
            router.get("/large") { _ in Response(body: .bytes([UInt8](repeating: 7, count: 8 << 20))) }
        }
    }

    @Test("is kept for the next request")
    func keepAlive() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        for number in 0..<100 { #expect(client.get("/number/\(number)")?.text == "\(number)") }
    }

    @Test("ends when the client asks for it, and says so")
    func close() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        #expect(client.get("/", "Connection: close\r\n")?["Connection"] == "close")
        #expect(client.isAtEnd())
    }

    @Test("of HTTP/1.0 stays only when the client asks for it, and says so")
    func http1_0() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(client.readResponse()?["Connection"] == "keep-alive")
        client.send("GET / HTTP/1.0\r\n\r\n")
        #expect(client.readResponse()?["Connection"] == "close")
        #expect(client.isAtEnd())
    }

    @Test("gets the answers to pipelined requests in their order, and in one piece")
    func pipelining() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send((0..<20).map { "GET /number/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        let bytes = try #require(client.receive())
        let text = String(decoding: bytes, as: UTF8.self)
        let bodies = text.split(separator: "HTTP/1.1 200 OK").map { $0.suffix(2).drop { $0.isNewline } }
        #expect(bodies.map(String.init) == (0..<20).map(String.init))
    }

    @Test("gets all answers when it pipelines more than one turn's worth")
    func longPipeline() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send((0..<5000).map { "GET /number/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        for number in 0..<5000 {
            guard client.readResponse()?.text == "\(number)" else { return #expect(Bool(false), "\(number)") }
        }
    }

    @Test("may send a request in pieces of one byte")
    func bytewise() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        for byte in "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8 { client.send([byte]) }
        #expect(client.readResponse()?.text == "abc")
        for byte in "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
            .utf8
        {
            client.send([byte])
        }
        #expect(client.readResponse()?.text == "abc")
        #expect(client.get("/")?.text == "root")
    }

    @Test("carries large bodies both ways, sized and chunked", arguments: [1, 1000, 70_000, 1_000_000])
    func bodies(size: Int) throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
        client.send(body)
        let isSame = client.readResponse()?.body == body
        #expect(isSame)
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in stride(from: 0, to: size, by: 3000) {
            let chunk = Array(body[start..<min(start + 3000, size)])
            client.send(Array((String(chunk.count, radix: 16) + "\r\n").utf8) + chunk + [13, 10])
        }
        client.send("0\r\n\r\n")
        let isSameAgain = client.readResponse()?.body == body
        #expect(isSameAgain)
        #expect(client.get("/")?.text == "root")
    }

    @Test("that offers an upgrade stays what it is")
    func upgrade() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        let response = client.get("/", "Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n")
        #expect(response?.status == 200)
        #expect(response?["Upgrade"] == nil)
        #expect(client.get("/")?.text == "root")
    }

    @Test("brings no field in a trailer, and nothing in a chunk's extension")
    func trailers() throws {
        let server = try LiveServer { router in
            router.post("/fields") { request in
                .text(request.headerFields.map(\.name.canonicalName).joined(separator: " "))
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send(
            "POST /fields HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Admin\r\n\r\n"
                + "1;X-Admin=yes\r\nx\r\n0\r\nX-Admin: yes\r\nHost: b\r\nContent-Length: 9\r\n\r\n"
        )
        #expect(client.readResponse()?.text == "host transfer-encoding trailer")
    }

    @Test("is never answered with an interim status that a handler made up")
    func interim() throws {
        let server = try LiveServer { router in
            router.get("/{status}") { request in .status(.init(code: Int(request.parameters["status"] ?? "") ?? 0)) }
        }
        defer { server.stop() }
        let client = try server.connect()
        for status in [100, 101, 103, 199, 600, 999] { #expect(client.get("/\(status)")?.status == 500) }
        #expect(client.get("/299")?.status == 299)
    }

    @Test("gets 413 and not a reset, though it goes on sending")
    func tooLarge() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
        client.send([UInt8](repeating: 1, count: 3_000_000))
        #expect(client.readResponse()?.status == 413)
        #expect(client.isAtEnd())
        let other = try server.connect()
        other.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n12345678901")
        #expect(other.readResponse()?.status == 413)
        let chunked = try server.connect()
        chunked.send(
            "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n5\r\n12345\r\n"
        )
        #expect(chunked.readResponse()?.status == 413)
        #expect(chunked.isAtEnd())
    }

    @Test("is told to continue only when the body is wanted")
    func expectation() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        #expect(client.readResponse()?.status == 100)
        client.send("abc")
        #expect(client.readResponse()?.text == "abc")
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc")
        #expect(client.readResponse()?.text == "abc")
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n")
        #expect(client.readResponse()?.status == 200)
        for (path, status) in [("/small", 413), ("/nowhere", 404), ("/number/1", 405)] {
            let client = try server.connect()
            client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
            let response = client.readResponse()
            #expect(response?.status == status)
            #expect(response?["Connection"] == "close")
            #expect(client.isAtEnd())
        }
    }

    @Test("stays after 404 and 405, whose bodies are read and dropped")
    func refusedBody() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        #expect(client.readResponse()?.status == 404)
        client.send("POST /number/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        #expect(client.readResponse()?["Allow"] == "GET, HEAD, OPTIONS")
        #expect(client.get("/")?.text == "root")
    }

    @Test("gets no body in answer to HEAD")
    func head() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.readResponse(toHead: true)?["Content-Length"] == "4")
        #expect(client.get("/")?.text == "root")
    }

    @Test("that does not read holds up nobody else, and gets all of it in the end")
    func slowReader() throws {
        let server = try server()
        defer { server.stop() }
        let slow = try server.connect()
        slow.send(
            String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: 3) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        let other = try server.connect()
        for _ in 0..<10 { #expect(other.get("/")?.text == "root") }
        for _ in 0..<3 {
            let size = slow.readResponse()?.body.count
            #expect(size == 8 << 20)
        }
        #expect(slow.readResponse()?.text == "root")
    }

    @Test("that has ended its sending side still gets its answers")
    func halfClose() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /number/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /number/2 HTTP/1.1\r\nHost: a\r\n\r\nGET /num")
        client.finishSending()
        #expect(client.readResponse()?.text == "1")
        #expect(client.readResponse()?.text == "2")
        #expect(client.isAtEnd())
    }

    @Test("beyond the most that are served waits until another one ends")
    func mostConnections() throws {
        var configuration = ServerConfiguration()
        configuration.maxConnections = 1
        let server = try server(configuration)
        defer { server.stop() }
        let first = try server.connect()
        #expect(first.get("/")?.status == 200)
        let second = try server.connect()
        second.send("GET /number/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(first.get("/")?.status == 200)
        first.close()
        #expect(second.readResponse()?.text == "2")
    }

    @Test("carries a request that a handler keeps, which stays as it was")
    func escaped() throws {
        let kept = Mutex<[Request]>([])
        let server = try LiveServer { router in
            router.post("/keep/{n}") { request in
                kept.withLock { $0.append(request) }
                return .text("kept")
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        // Pipelined, in pieces, chunked: whatever memory a request is in, it is kept.
        let requests = (0..<50).map { number in
            let body = "body \(number)"
            let size = String(body.utf8.count, radix: 16)
            return number % 2 == 0
                ? "POST /keep/\(number)?q=\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                : "POST /keep/\(number)?q=\(number) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(size)\r\n\(body)\r\n0\r\n\r\n"
        }.joined()
        let bytes = Array(requests.utf8)
        for start in stride(from: 0, to: bytes.count, by: 700) {
            client.send(Array(bytes[start..<min(start + 700, bytes.count)]))
        }
        for _ in 0..<50 { #expect(client.readResponse()?.text == "kept") }
        let all = kept.withLock { $0 }
        #expect(all.count == 50)
        for (number, request) in all.enumerated() {
            #expect(request.path == "/keep/\(number)")
            #expect(request.parameters["n"] == "\(number)")
            #expect(request.query["q"] == "\(number)")
            #expect(request.body == Array("body \(number)".utf8))
        }
        #expect(Set(all.map(\.id)).count == 50)
    }

    @Test("carries large requests that a handler keeps, in whatever memory they came")
    func escapedLarge() throws {
        let kept = Mutex<[Request]>([])
        let server = try LiveServer { router in
            router.post("/keep") { request in
                kept.withLock { $0.append(request) }
                return .text("kept")
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        let sizes = [20_000, 60_000, 70_000, 100, 300_000, 40_000]
        for (number, size) in sizes.enumerated() {
            let body = [UInt8](repeating: UInt8(number + 1), count: size)
            client.send(Array("POST /keep HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n".utf8) + body)
        }
        for _ in sizes { #expect(client.readResponse()?.text == "kept") }
        for (number, request) in kept.withLock({ $0 }).enumerated() {
            let isWhole = request.body == [UInt8](repeating: UInt8(number + 1), count: sizes[number])
            #expect(isWhole, "\(number)")
        }
    }
}
