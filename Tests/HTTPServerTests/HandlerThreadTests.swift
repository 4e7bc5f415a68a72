import Glibc
import HTTPTypes
import Linux
import Synchronization
import Testing

@testable import HTTPServer

@Suite("A handler that takes long")
struct HandlerThreadTests {
    /// No watch goes off in a test: whoever gives the loop away has said so.
    private static let withoutWatch: ServerConfiguration = {
        var configuration = ServerConfiguration()
        configuration.handlerPatience = .seconds(600)
        return configuration
    }()

    @Test("holds nobody up when it waits without a word")
    func unannounced() throws {
        let crossing = Crossing()
        let server = try LiveServer { router in
            router.get("/wait") { _ in
                crossing.pass()
                return .noContent
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        let (slow, quick) = (try server.connect(), try server.connect())
        slow.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        crossing.waitForArrival()
        for _ in 0..<100 { #expect(quick.get("/quick")?.status == 204) }
        crossing.letGo()
        #expect(slow.readResponse()?.status == 204)
        #expect(slow.get("/quick")?.status == 204, "its connection goes on")
    }

    @Test("holds nobody up when it computes")
    func computing() throws {
        let isOver = Atomic(false)
        let server = try LiveServer { router in
            router.get("/compute") { _ in
                while !isOver.load(ordering: .relaxed) {}
                return .noContent
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        let (slow, quick) = (try server.connect(), try server.connect())
        slow.send("GET /compute HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(quick.get("/quick")?.status == 204)
        isOver.store(true, ordering: .relaxed)
        #expect(slow.readResponse()?.status == 204)
    }

    @Test("gives way at once when it says that it will wait, or its route does", arguments: ["/says", "/route"])
    func announced(path: String) throws {
        let crossing = Crossing()
        let server = try LiveServer(Self.withoutWatch) { router in
            router.get("/says") { _ in
                blocking { crossing.pass() }
                return .noContent
            }
            router.get("/route", execution: .blocking) { _ in
                crossing.pass()
                return .noContent
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        // More than one: each that gives way needs another thread that takes over.
        let slow = try (0..<5).map { _ in try server.connect() }
        for client in slow { client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") }
        crossing.waitForArrival(5)
        #expect(try server.connect().get("/quick")?.status == 204)
        crossing.letGo(5)
        for client in slow { #expect(client.readResponse()?.status == 204) }
    }

    @Test("is one of as many as there may be, and others wait in the order in which they came")
    func limit() throws {
        let crossing = Crossing()
        var configuration = ServerConfiguration()
        configuration.maxThreads = 2
        configuration.queueTimeout = .seconds(600)
        let server = try LiveServer(configuration) { router in
            router.get("/wait/{name}", execution: .blocking) { request in
                crossing.pass(request.parameters["name"] ?? "")
                return .noContent
            }
            router.get("/probe", execution: .urgent) { _ in .noContent }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        // Handlers are known to take long: whoever waits for one is no overload yet, however slow this test is.
        let former = try server.connect()
        former.send("GET /wait/former HTTP/1.1\r\nHost: a\r\n\r\n")
        crossing.waitForArrival()
        usleep(2_000_000)
        crossing.letGo()
        #expect(former.readResponse()?.status == 204)
        let clients = try (0..<8).map { _ in try server.connect() }
        for (index, client) in clients.enumerated() {
            client.send("GET /wait/\(index) HTTP/1.1\r\nHost: a\r\n\r\n")
            client.waitUntilDelivered()
            // Whoever asks later is read later.
            if index < 2 {
                crossing.waitForArrival()
            } else {
                #expect(try server.connect().get("/probe")?.status == 204)
            }
        }
        #expect(crossing.order == ["former", "0", "1"])
        let quick = try server.connect()
        quick.send("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try server.connect().get("/probe")?.status == 204, "a probe does not wait")
        #expect(!quick.hasAnswer, "no thread is free")
        for _ in 0..<6 {
            crossing.letGo()
            crossing.waitForArrival()
        }
        crossing.letGo(2)
        for client in clients { #expect(client.readResponse()?.status == 204) }
        #expect(quick.readResponse()?.status == 204)
        #expect(crossing.most == 2)
        #expect(Array(crossing.order.dropFirst(3)) == ["2", "3", "4", "5", "6", "7"])
    }

    @Test("keeps the order of what was pipelined behind it")
    func pipelined() throws {
        let crossing = Crossing()
        let server = try LiveServer { router in
            router.get("/wait") { _ in
                blocking { crossing.pass() }
                return .text("slow")
            }
            router.get("/{name}") { request in .text(request.parameters["name"] ?? "") }
        }
        defer { server.stop() }
        let client = try server.connect()
        for path in ["/first", "/wait", "/second", "/third"] { client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") }
        crossing.waitForArrival()
        // What comes while the handler is at work is read when it is done.
        client.send("GET /fourth HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try server.connect().get("/other")?.text == "other")
        crossing.letGo()
        for name in ["first", "slow", "second", "third", "fourth"] { #expect(client.readResponse()?.text == name) }
    }

    @Test("may decide whether a body is read, which holds nobody up either", arguments: [204, 401])
    func admission(verdict: Int) throws {
        let crossing = Crossing()
        let server = try LiveServer { router in
            let admission: Admission = { _ in
                blocking { crossing.pass() }
                if verdict == 401 { throw Problem(.unauthorized) }
            }
            router.group("/closed", admission: [admission]) { group in
                group.post { request in request.bodySize == 5 ? .noContent : .text("not whole") }
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send("POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12")
        crossing.waitForArrival()
        #expect(try server.connect().get("/quick")?.status == 204)
        client.send("345")
        crossing.letGo()
        #expect(client.readResponse()?.status == verdict)
    }

    @Test("is answered when the server drains meanwhile, and that is the end of its connection")
    func draining() throws {
        let crossing = Crossing()
        let server = try LiveServer { router in
            router.get("/wait") { _ in
                blocking { crossing.pass() }
                return .noContent
            }
        }
        let client = try server.connect()
        client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        crossing.waitForArrival()
        server.drain()
        while !server.isDraining { sched_yield() }
        crossing.letGo()
        let response = client.readResponse()
        #expect(response?.status == 204)
        #expect(response?["Connection"] == "close")
        client.close()
        server.join()
    }

    @Test("is not waited for when the time to drain is over")
    func abandoned() throws {
        let crossing = Crossing()
        var configuration = ServerConfiguration()
        configuration.drainTimeout = .milliseconds(100)
        let server = try LiveServer(configuration) { router in
            // The server's own thread must be free to return.
            router.get("/first") { _ in .noContent }
            router.get("/wait", execution: .blocking) { _ in
                crossing.pass()
                return .noContent
            }
        }
        let clients = try (0..<2).map { _ in try server.connect() }
        for client in clients {
            client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            crossing.waitForArrival()
        }
        server.drain()
        for client in clients { #expect(client.isAtEnd(), "the connection is cut") }
        crossing.letGo(2)
        server.join()
    }

    @Test("whose client has left costs nothing meanwhile, and its connection is closed")
    func clientGone() throws {
        let crossing = Crossing()
        let server = try LiveServer { router in
            router.get("/wait", execution: .blocking) { _ in
                crossing.pass()
                return .noContent
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        crossing.waitForArrival()
        client.send("GET /more HTTP/1.1\r\nHost: a\r\n\r\n")
        client.close()
        let other = try server.connect()
        #expect(other.get("/quick")?.status == 204)
        // A connection that is still watched would have the loop turn all the time.
        let before = processorTime()
        usleep(200_000)
        #expect(processorTime() - before < 150_000_000 || isUnderLoad)
        crossing.letGo()
        while server.openConnections > 1 { sched_yield() }
        #expect(other.get("/quick")?.status == 204)
    }

    /// Other tests run in this process at the same time; alone, this one shows it.
    private var isUnderLoad: Bool { environment("SWIFT_TESTING_ALONE") == nil }

    private func processorTime() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    @Test("that waits for a store's write lock leaves threads for who only reads")
    func writers() throws {
        let crossing = Crossing()
        var configuration = ServerConfiguration()
        configuration.maxThreads = 4
        configuration.queueTimeout = .seconds(600)
        let server = try LiveServer(configuration) { router in
            router.post("/write") { _ in
                blocking(for: .writeLock) { crossing.pass() }
                return .noContent
            }
            router.get("/read") { _ in .noContent }
        }
        defer { server.stop() }
        let writers = try (0..<8).map { _ in try server.connect() }
        for client in writers { client.send("POST /write HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n") }
        crossing.waitForArrival(3)
        let reader = try server.connect()
        for _ in 0..<20 { #expect(reader.get("/read")?.status == 204) }
        #expect(crossing.order.count == 3, "a quarter of the threads is kept for reading")
        crossing.letGo(8)
        for client in writers { #expect(client.readResponse()?.status == 204) }
        #expect(crossing.most == 3)
    }
}
