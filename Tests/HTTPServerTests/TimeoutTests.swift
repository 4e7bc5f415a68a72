import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import HTTPServer

@Suite("A slow client")
struct TimeoutTests {
    private func server(_ change: (inout ServerConfiguration) -> Void) throws -> LiveServer {
        var configuration = ServerConfiguration()
        change(&configuration)
        return try LiveServer(configuration) { router in
            router.get("/") { _ in .text("root") }
            router.post("/") { request in Response(body: .bytes(request.body)) }
            router.get("/large") { _ in Response(body: .bytes([UInt8](repeating: 7, count: 32 << 20))) }
        }
    }

    @Test("that sends nothing is let go without a word")
    func silent() throws {
        let server = try server { $0.headerTimeout = .milliseconds(50) }
        defer { server.stop() }
        #expect(try server.connect().isAtEnd())
    }

    @Test("that does not finish its head gets 408, however busily it dribbles")
    func head() throws {
        let server = try server { $0.headerTimeout = .milliseconds(500) }
        defer { server.stop() }
        let client = try server.connect()
        #expect(client.get("/")?.status == 200)
        let began = ContinuousClock.now
        client.send("GET / HTTP/1.1\r\nHost: a\r\nA: ")
        while !client.hasAnswer, began.duration(to: .now) < .seconds(10) {
            client.send("a")
            usleep(1_000)
        }
        let response = client.readResponse()
        #expect(response?.status == 408)
        #expect(response?["Connection"] == "close")
        #expect(began.duration(to: .now) >= .milliseconds(490))
        #expect(client.isAtEnd())
    }

    @Test("that stays after it was refused is let go when its time is over")
    func lingering() throws {
        let server = try server { $0.lingerTimeout = .milliseconds(50) }
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /.. HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(client.readResponse()?.status == 400)
        #expect(client.isAtEnd())
        let other = try server.connect()
        // The first one's end of the connection stays open.
        while server.openConnections > 1 { #expect(other.get("/")?.status == 200) }
    }

    @Test("that goes on sending after it was refused is listened to for some megabytes and no more")
    func flooding() throws {
        let server = try server { $0.lingerTimeout = .seconds(60) }
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /.. HTTP/1.1\r\nHost: a\r\n\r\n")
        let block = [UInt8](repeating: 7, count: 64 * 1024)
        // What is dropped, and what the kernel's buffers take.
        let isCutOff = (0..<64 * 16).contains { _ in !client.send(block) }
        #expect(isCutOff)
    }

    @Test("that does not send its body gets 408")
    func body() throws {
        let server = try server { $0.bodyTimeout = .seconds(1) }
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
        #expect(client.readResponse()?.status == 408)
        #expect(client.isAtEnd())
    }

    @Test("may take as long as it likes for its body, at a fair rate")
    func trickle() throws {
        let server = try server {
            $0.bodyTimeout = .milliseconds(300)
            $0.minimumRate = 1
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n")
        for _ in 0..<50 {
            client.send([1])
            // The client's own pace: three times the span in which it is judged.
            usleep(20_000)
        }
        let size = client.readResponse()?.body.count
        #expect(size == 50)
    }

    /// A handler that keeps the loop until it is released, and then for as long as a request may take to come.
    private final class SlowHandler: Sendable {
        static let timeout = Duration.seconds(2)
        private let hasBegun = Atomic(false)
        private let isReleased = Atomic(false)

        func answer() -> Response {
            hasBegun.store(true, ordering: .relaxed)
            while !isReleased.load(ordering: .relaxed) { usleep(1_000) }
            usleep(useconds_t(Self.timeout.components.seconds) * 1_000_000 + 100_000)
            return .text("slow")
        }

        func waitUntilBegun() {
            while !hasBegun.load(ordering: .relaxed) { usleep(1_000) }
        }

        func release() { isReleased.store(true, ordering: .relaxed) }
    }

    private func slowServer(_ slow: SlowHandler, isObserved: Bool = true) throws -> LiveServer {
        var configuration = ServerConfiguration()
        configuration.headerTimeout = SlowHandler.timeout
        configuration.bodyTimeout = SlowHandler.timeout
        // Of the few bytes that are sent here none is enough.
        configuration.minimumRate = 1_000_000
        return try LiveServer(configuration, isObserved: isObserved) { router in
            router.get("/") { _ in .text("root") }
            router.post("/") { request in Response(body: .bytes(request.body)) }
            router.post("/slow") { _ in slow.answer() }
        }
    }

    @Test("has all its time for a body that began to come with the end of the one before, whose handler was slow")
    func bodyBehindSlowHandler() throws {
        let slow = SlowHandler()
        let server = try slowServer(slow)
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1")
        client.waitUntilDelivered()
        // When another one has its answer, that body is waited for.
        #expect(try server.connect().get("/")?.status == 200)
        client.send("2POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
        slow.release()
        #expect(client.readResponse()?.text == "slow")
        client.send("67890")
        #expect(client.readResponse()?.text == "1234567890")
    }

    @Test(
        "has sent its request in time when all of it had arrived while another one's handler was slow",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\nA: ", String(repeating: "a", count: 15_000) + "\r\n\r\n"),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3A98\r\n",
                String(repeating: "a", count: 15_000) + "\r\n0\r\n\r\n"
            ),
        ]
    )
    func arrivedBehindSlowHandler(beginning: String, rest: String) throws {
        let slow = SlowHandler()
        let server = try slowServer(slow)
        defer { server.stop() }
        let client = try server.connect()
        client.send(beginning)
        client.waitUntilDelivered()
        #expect(try server.connect().get("/")?.status == 200)
        let other = try server.connect()
        other.send("POST /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        slow.waitUntilBegun()
        // Much more than one look at the socket takes in.
        client.send(rest)
        client.waitUntilDelivered()
        slow.release()
        #expect(client.readResponse()?.status == 200)
        #expect(other.readResponse()?.text == "slow")
    }

    @Test("has all its time for what it sent behind a request whose handler was slow", arguments: [true, false])
    func restBehindSlowHandler(isObserved: Bool) throws {
        let slow = SlowHandler()
        let server = try slowServer(slow, isObserved: isObserved)
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST /slow HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n")
        slow.release()
        #expect(client.readResponse()?.text == "slow")
        client.send("A: b\r\n")
        client.waitUntilDelivered()
        // The loop has looked at all its deadlines when it has answered twice.
        for _ in 0..<2 { #expect(try server.connect().get("/")?.status == 200) }
        client.send("\r\n")
        #expect(client.readResponse()?.text == "root")
    }

    @Test("that is idle is let go when its time is over")
    func idle() throws {
        let server = try server { $0.keepAliveTimeout = .milliseconds(50) }
        defer { server.stop() }
        let client = try server.connect()
        #expect(client.get("/")?.status == 200)
        #expect(client.isAtEnd())
    }

    @Test("that does not take its answer is cut off")
    func write() throws {
        let server = try server { $0.writeTimeout = .seconds(1) }
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        let other = try server.connect()
        // Waits, while the first one does not read, until the server has only this connection left.
        repeat { #expect(other.get("/")?.status == 200) } while server.openConnections > 1
        let isCutOff = client.readResponse() == nil
        #expect(isCutOff)
    }
}
