import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import HTTPServer

@Suite("A draining server")
struct DrainTests {
    private func server(grace: Duration = .milliseconds(300), _ build: (inout Router) -> Void = { _ in }) throws
        -> LiveServer
    {
        var configuration = ServerConfiguration()
        configuration.drainGrace = grace
        return try LiveServer(configuration) { router in
            router.get("/") { _ in .text("root") }
            router.post("/") { request in Response(body: .bytes(request.body)) }
            build(&router)
        }
    }

    @Test("that has no connection returns at once")
    func idle() throws {
        let server = try server(grace: .seconds(60))
        server.drain()
        server.join()
        #expect(server.isDraining)
    }

    @Test("answers the request that was already sent, and says that it is the last")
    func sent() throws {
        let server = try server()
        let client = try server.connect()
        #expect(client.get("/")?["Connection"] == nil)
        server.drain()
        while !server.isDraining {}
        let response = client.get("/")
        #expect(response?.status == 200)
        #expect(response?["Connection"] == "close")
        #expect(client.isAtEnd())
        client.close()
        server.join()
    }

    @Test("finishes a request that is half sent")
    func half() throws {
        let server = try server(grace: .milliseconds(10))
        let client = try server.connect()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
        let other = try server.connect()
        #expect(other.get("/")?.status == 200)
        server.drain()
        // The idle connection is closed when the grace is over.
        #expect(other.isAtEnd())
        client.send("def")
        let response = client.readResponse()
        #expect(response?.text == "abcdef")
        #expect(response?["Connection"] == "close")
        client.close()
        other.close()
        server.join()
    }

    @Test("answers whom the kernel has let in already")
    func queued() throws {
        let began = Mutex(false)
        let mayGoOn = Mutex(false)
        let server = try server { router in
            router.get("/wait") { _ in
                began.withLock { $0 = true }
                while !mayGoOn.withLock({ $0 }) {}
                return .text("waited")
            }
        }
        let waiting = try server.connect()
        waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        while !began.withLock({ $0 }) {}
        let clients = try (0..<20).map { _ in try server.connect() }
        for client in clients { client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
        server.drain()
        mayGoOn.withLock { $0 = true }
        #expect(waiting.readResponse()?.text == "waited")
        for client in clients {
            #expect(client.readResponse()?.text == "root")
            client.close()
        }
        waiting.close()
        server.join()
    }

    @Test("lets go of clients that stay silent when the grace is over")
    func grace() throws {
        let server = try server(grace: .milliseconds(30))
        let idle = try server.connect()
        #expect(idle.get("/")?.status == 200)
        let new = try server.connect()
        server.drain()
        #expect(idle.isAtEnd())
        #expect(new.isAtEnd())
        server.join()
    }

    @Test("does not wait for clients that have been silent for the grace already, whether they close or not")
    func longSilent() throws {
        let server = try server(grace: .seconds(1))
        let idle = try server.connect()
        #expect(idle.get("/")?.status == 200)
        usleep(1_000_000)
        let started = ContinuousClock.now
        server.drain()
        server.join()
        #expect(ContinuousClock.now - started < .milliseconds(700))
        #expect(idle.isAtEnd())
    }

    @Test("takes its time while others serve on, until it is told that they do not")
    func unhurried() throws {
        let isLast = Atomic(false)
        var configuration = ServerConfiguration()
        configuration.drainGrace = .milliseconds(20)
        configuration.unhurriedDrainGrace = .seconds(60)
        configuration.drainTimeout = .seconds(120)
        let server = try LiveServer(configuration, isLast: { isLast.load(ordering: .relaxed) }) { router in
            router.get("/") { _ in .text("root") }
        }
        let late = try server.connect()
        #expect(late.get("/")?.status == 200)
        let idle = try server.connect()
        #expect(idle.get("/")?.status == 200)
        server.drain()
        while !server.isDraining {}
        // Much longer than the grace of a server that is the last.
        usleep(200_000)
        #expect(late.get("/")?["Connection"] == "close")
        isLast.store(true, ordering: .relaxed)
        server.drain()
        #expect(idle.isAtEnd())
        late.close()
        server.join()
    }

    private final class Misses: ServerObserver, Sendable {
        let count = Atomic(0)
        func requestMissed() { count.add(1, ordering: .relaxed) }
    }

    @Test("knows when a request crossed the end of its connection")
    func missed() throws {
        // Not each is noticed: where the end was acknowledged at once, the connection is closed. All are when the clients of
        // this test lose their processor until the kernel acknowledges by itself.
        let hasNoticed = try (0..<5).contains { _ in try countMisses() > 0 }
        #expect(hasNoticed)
    }

    private func countMisses() throws -> Int {
        let misses = Misses()
        var configuration = ServerConfiguration()
        configuration.drainGrace = .milliseconds(60)
        let server = try LiveServer(configuration, observer: misses) { router in router.get("/") { _ in .text("root") }
        }
        let clients = try (0..<20).map { _ in try server.connect() }
        for client in clients { #expect(client.get("/")?.status == 200) }
        server.drain()
        // To the server it looks the same whether a client had not seen the end or did not look.
        for client in clients {
            _ = client.isAtEnd()
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        }
        server.join()
        return misses.count.load(ordering: .relaxed)
    }

    @Test("cuts off what is left at its deadline")
    func deadline() throws {
        var configuration = ServerConfiguration()
        configuration.drainTimeout = .milliseconds(50)
        let server = try LiveServer(configuration) { router in router.post("/") { _ in .noContent } }
        let client = try server.connect()
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
        server.drain()
        server.join()
        #expect(client.readResponse() == nil)
    }

    @Test("answers every pipelined request that was there, and ends the connection with the last of them")
    func pipelined() throws {
        let gate = Gate()
        let began = Atomic(false)
        var configuration = ServerConfiguration()
        configuration.maxPipelined = 2
        let server = try LiveServer(configuration) { router in
            router.get("/gate") { _ in
                began.store(true, ordering: .releasing)
                gate.pass()
                return .noContent
            }
            router.get("/") { _ in .noContent }
        }
        defer { server.stop() }
        let client = try server.connect()
        let rest = String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 5)
        client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n" + rest)
        while !began.load(ordering: .acquiring) { sched_yield() }
        // Between the first turn, of two, and the second it begins to drain.
        server.drain()
        gate.open()
        let answers = (0..<6).map { _ in client.readResponse() }
        #expect(answers.map { $0?.status } == Array(repeating: 204, count: 6))
        #expect(answers.map { $0?["Connection"] } == [nil, nil, nil, nil, nil, "close"])
        #expect(client.isAtEnd())
    }
}
