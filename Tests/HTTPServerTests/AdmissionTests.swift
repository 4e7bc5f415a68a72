import HTTPTypes
import Synchronization
import Testing

@testable import HTTPServer

@Suite("Before its body is read, a request")
struct AdmissionTests {
    private func server(
        maxBodyMemory: Int = 32 * 1024 * 1024
    ) throws -> LiveServer {
        var configuration = ServerConfiguration()
        configuration.maxBodySize = 100_000
        configuration.maxBodyMemory = maxBodyMemory
        return try LiveServer(configuration) { router in
            router.post("/size") { request in .text("\(request.bodySize)") }
            let known: Admission = { request in
                guard request.value(of: .authorization) == "known" else {
                    throw Problem(.unauthorized, detail: "No.", headerFields: [.wwwAuthenticate: "Bearer"])
                }
            }
            router.group("/closed", admission: [known]) { closed in
                closed.get { _ in .text("in") }
                closed.post(maxBodySize: 50_000) { request in .text("\(request.bodySize)") }
            }
        }
    }

    /// A client whose head the server holds.
    private func beginHead(on server: LiveServer) throws -> Client {
        let client = try server.connect()
        client.send("GET / HTTP/1.1\r\n")
        client.waitUntilDelivered()
        #expect(try server.connect().get("/nowhere")?.status == 404)
        return client
    }

    private func head(_ path: String, _ fields: String) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    @Test(
        "is refused for its route, its credentials and its size, in this order",
        arguments: [
            ("/nowhere", "Content-Length: 90000\r\n", 404), ("/nowhere", "Content-Length: 900000\r\n", 404),
            ("/nowhere", "Transfer-Encoding: chunked\r\n", 404), ("/closed", "Content-Length: 40000\r\n", 401),
            ("/closed", "Content-Length: 900000\r\n", 401), ("/closed", "Transfer-Encoding: chunked\r\n", 401),
            ("/closed", "Content-Length: 40000\r\nExpect: 100-continue\r\n", 401),
            ("/closed", "Authorization: known\r\nContent-Length: 60000\r\n", 413),
            ("/size", "Content-Length: 100001\r\n", 413),
        ]
    )
    func order(_ path: String, _ fields: String, _ status: Int) throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        // Not a byte of the body is sent before the answer, and none is asked for.
        client.send(head(path, fields))
        let response = client.readResponse()
        #expect(response?.status == status)
        #expect(response?["Connection"] == "close")
        #expect(client.isAtEnd())
    }

    @Test("that is admitted is told to go on, answered, and keeps its connection")
    func admitted() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        for _ in 0..<2 {
            client.send(head("/closed", "Authorization: known\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"))
            #expect(client.readResponse()?.status == 100)
            client.send("12345")
            #expect(client.readResponse()?.text == "5")
        }
    }

    @Test("whose body is here already is refused without the end of its connection")
    func whole() throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send(head("/closed", "Content-Length: 5\r\n") + "12345")
        #expect(client.readResponse()?.status == 401)
        #expect(client.get("/closed")?.status == 401)
        #expect(client.get("/closed", "Authorization: known\r\n")?.text == "in")
    }

    @Test("is judged once, by each admission of its groups from the outside in")
    func once() throws {
        let calls = Monitor()
        let server = try LiveServer { router in
            router.group("/a", admission: [{ _ in calls.add("outer") }]) { outer in
                outer.group("/b", admission: [{ _ in calls.add("inner") }]) { inner in
                    inner.post { request in
                        calls.add("handler")
                        return .text("\(request.bodySize)")
                    }
                }
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send(head("/a/b", "Content-Length: 4\r\n"))
        client.waitUntilDelivered()
        client.send("1234")
        #expect(client.readResponse()?.text == "4")
        client.send(head("/a/b", "Content-Length: 4\r\n") + "1234")
        #expect(client.readResponse()?.text == "4")
        #expect(calls.all == ["outer", "inner", "handler", "outer", "inner", "handler"])
    }

    /// What handlers of a live server did, in order.
    private final class Monitor: Sendable {
        private let calls = Mutex<[String]>([])
        func add(_ call: String) { calls.withLock { $0.append(call) } }
        var all: [String] { calls.withLock { $0 } }
    }

    @Test("is refused with 503 when the memory for bodies is spoken for, and taken again when it is not")
    func memory() throws {
        let server = try server(maxBodyMemory: 200_000)
        defer { server.stop() }
        let body = [UInt8](repeating: 7, count: 90_000)
        let begun = try (0..<2).map { index in
            let client = try server.connect()
            let head = head("/size", "Content-Length: 90000\r\nExpect: 100-continue\r\n")
            // One head comes in two pieces.
            if index == 1 {
                client.send(String(head.prefix(20)))
                client.waitUntilDelivered()
                #expect(try server.connect().get("/nowhere")?.status == 404)
            }
            client.send(index == 1 ? String(head.dropFirst(20)) : head)
            #expect(client.readResponse()?.status == 100)
            return client
        }
        let third = try server.connect()
        third.send(head("/size", "Content-Length: 90000\r\n"))
        let refusal = third.readResponse()
        #expect(refusal?.status == 503)
        #expect(refusal?["Retry-After"] == "1")
        #expect(third.isAtEnd())
        // What needs none of it is served.
        let small = try server.connect()
        small.send(head("/size", "Content-Length: 5\r\n") + "12345")
        #expect(small.readResponse()?.text == "5")
        for client in begun {
            client.send(body)
            #expect(client.readResponse()?.text == "90000")
        }
        small.send(head("/size", "Content-Length: 90000\r\n"))
        small.send(body)
        #expect(small.readResponse()?.text == "90000")
    }

    @Test("that comes in chunks is refused with 503 when it grows beyond the memory for bodies")
    func chunkedMemory() throws {
        let server = try server(maxBodyMemory: 100_000)
        defer { server.stop() }
        let holder = try server.connect()
        holder.send(head("/size", "Content-Length: 60000\r\nExpect: 100-continue\r\n"))
        #expect(holder.readResponse()?.status == 100)
        let client = try server.connect()
        client.send(head("/size", "Transfer-Encoding: chunked\r\n"))
        for _ in 0..<8 { client.send("1f40\r\n" + String(repeating: "x", count: 8000) + "\r\n") }
        #expect(client.readResponse()?.status == 503)
        #expect(client.isAtEnd())
        holder.send([UInt8](repeating: 7, count: 60_000))
        #expect(holder.readResponse()?.text == "60000")
    }

    @Test("that is larger than all memory for bodies is taken when it is alone")
    func alone() throws {
        let server = try server(maxBodyMemory: 1)
        defer { server.stop() }
        let client = try server.connect()
        for _ in 0..<3 {
            client.send(head("/size", "Content-Length: 100000\r\n"))
            client.waitUntilDelivered()
            client.send([UInt8](repeating: 7, count: 100_000))
            #expect(client.readResponse()?.text == "100000")
        }
    }

    @Test("that is one of many whose heads dribble is refused with 503 beyond the memory")
    func heads() throws {
        let server = try server(maxBodyMemory: 20_000)
        defer { server.stop() }
        // Each begun head takes a kilobyte.
        let clients = try (0..<30).map { _ in
            let client = try server.connect()
            client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Filler: ")
            client.waitUntilDelivered()
            return client
        }
        #expect(try server.connect().get("/nowhere")?.status == 404)
        let refused = clients.filter(\.hasAnswer)
        #expect(refused.count == 11)
        for client in refused { #expect(client.readResponse()?.status == 503) }
        // They take nothing from bodies that are admitted.
        let body = try server.connect()
        body.send(head("/size", "Content-Length: 20000\r\n"))
        body.waitUntilDelivered()
        body.send([UInt8](repeating: 7, count: 20_000))
        #expect(body.readResponse()?.text == "20000")
    }

    @Test("that came whole with many others needs no memory while it waits for its turn")
    func pipelined() throws {
        let server = try server(maxBodyMemory: 1)
        defer { server.stop() }
        let holder = try beginHead(on: server)
        defer { holder.close() }
        let client = try server.connect()
        let one = head("/size", "Content-Length: 1\r\n") + "x"
        client.send(String(repeating: one, count: 500))
        for _ in 0..<500 { #expect(client.readResponse()?.text == "1") }
    }

    @Test("that cannot be kept takes no answer away from a client that reads slowly")
    func unsent() throws {
        var configuration = ServerConfiguration()
        configuration.maxBodyMemory = 1
        // Little enough to be sent behind what follows, and more than a socket takes whose client does not read.
        let answer = String(repeating: "a", count: 250_000)
        let server = try LiveServer(configuration, sendBuffer: 16_384) { router in
            router.get("/large") { _ in .text(answer) }
        }
        defer { server.stop() }
        let holder = try beginHead(on: server)
        defer { holder.close() }
        let client = try server.connect()
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\nGET /large HTTP/1.1\r\n")
        client.waitUntilDelivered()
        #expect(try server.connect().get("/nowhere")?.status == 404)
        #expect(client.readResponse()?.text == answer)
        #expect(client.isAtEnd())
    }
}
