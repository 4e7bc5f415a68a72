import Glibc
import HTTPTypes
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
        let server = try server { $0.headerTimeout = .milliseconds(100) }
        defer { server.stop() }
        let client = try server.connect()
        #expect(client.get("/")?.status == 200)
        client.send("GET / HTTP/1.1\r\nHost: a\r\nA: ")
        let began = ContinuousClock.now
        while !client.hasAnswer, began.duration(to: .now) < .seconds(10) {
            client.send("a")
            usleep(1_000)
        }
        let response = client.readResponse()
        #expect(response?.status == 408)
        #expect(response?["Connection"] == "close")
        #expect(began.duration(to: .now) >= .milliseconds(90))
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
