import Glibc
import Linux
import Synchronization
import Testing

@testable import HTTPServer

/// Writes down when batches begin and end, and what is asked in between.
private final class BatchRecorder: ServerObserver, Sendable {
    let seen = Mutex<[String]>([])

    func requestBegan(_ request: Request) -> Measurements {
        seen.withLock { $0.append(request.path) }
        return []
    }

    func batchBegan() { seen.withLock { $0.append("began") } }
    func batchEnded() { seen.withLock { $0.append("ended") } }
    func handlerWaits() { seen.withLock { $0.append("waits") } }

    func waitFor(_ event: String) {
        while !seen.withLock({ $0.contains(event) }) { sched_yield() }
    }
}

/// Where a handler waits until the test lets it go on.
final class Gate: Sendable {
    private let isOpen = Atomic(false)
    func open() { isOpen.store(true, ordering: .releasing) }
    func pass() { while !isOpen.load(ordering: .acquiring) { sched_yield() } }
}

@Suite("What arrives together")
struct BatchTests {
    @Test(
        "is a batch: all of it was received before the first of it is answered, and what comes meanwhile is none of it"
    )
    func batch() throws {
        let (first, second) = (Gate(), Gate())
        let recorder = BatchRecorder()
        var configuration = ServerConfiguration()
        // The handlers wait for this test, and no other thread is to go on meanwhile.
        configuration.handlerPatience = .seconds(60)
        let server = try LiveServer(configuration, observer: recorder) { router in
            router.get("/first") { _ in
                first.pass()
                return .noContent
            }
            router.get("/second") { _ in
                second.pass()
                return .noContent
            }
            router.get("/{name}") { _ in .noContent }
        }
        defer { server.stop() }
        func ask(_ client: Client, _ path: String) {
            client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            client.waitUntilDelivered()
        }
        let clients = try (0..<4).map { _ in try server.connect() }
        // Each is asked once, so that none is still in the queue of the listener.
        for client in clients { #expect(client.get("/hello")?.status == 204) }
        recorder.seen.withLock { $0 = [] }

        ask(clients[0], "/first")
        recorder.waitFor("/first")
        ask(clients[1], "/a")
        ask(clients[2], "/second")
        ask(clients[3], "/b")
        first.open()
        recorder.waitFor("/second")
        ask(clients[1], "/late")
        second.open()
        for index in [0, 1, 2, 3, 1] { #expect(clients[index].readResponse()?.status == 204) }
        server.stop()
        #expect(recorder.seen.withLock { $0 } == ["/first", "began", "/a", "/second", "/b", "ended", "/late"])
    }

    @Test("is not kept by a handler that waits: the thread is told before it does, and not of waits for its own store")
    func waits() throws {
        let recorder = BatchRecorder()
        let server = try LiveServer(observer: recorder) { router in
            router.get("/elsewhere") { _ in
                blocking { recorder.seen.withLock { $0.append("elsewhere") } }
                return .noContent
            }
            router.get("/store") { _ in
                blocking(for: .writeLock) { recorder.seen.withLock { $0.append("store") } }
                return .noContent
            }
        }
        let client = try server.connect()
        #expect(client.get("/elsewhere")?.status == 204)
        #expect(client.get("/store")?.status == 204)
        server.stop()
        let seen = recorder.seen.withLock { $0.filter { $0 != "ended" } }
        #expect(seen == ["/elsewhere", "waits", "elsewhere", "/store", "store"])
    }

    @Test("keeps its bytes, also those of requests that are kept, whatever else comes into the same memory")
    func keptRequests() throws {
        let gate = Gate()
        let recorder = BatchRecorder()
        let kept = Mutex<[Request]>([])
        let server = try LiveServer(observer: recorder) { router in
            router.get("/first") { _ in
                gate.pass()
                return .noContent
            }
            router.get("/hello") { _ in .noContent }
            router.post("/keep/{n}") { request in
                kept.withLock { $0.append(request) }
                return .noContent
            }
        }
        defer { server.stop() }
        let clients = try (0..<6).map { _ in try server.connect() }
        for client in clients { #expect(client.get("/hello")?.status == 204) }
        // Small, more than a block adopts, small, and so much that it ends the batch.
        let sizes = [1: 10, 2: 40_000, 3: 300, 4: 70_000, 5: 20]
        func body(_ number: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(ascii: "0") + UInt8(number), count: sizes[number]!)
        }
        clients[0].send("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
        recorder.waitFor("/first")
        for number in 1...5 {
            clients[number].send(
                "POST /keep/\(number) HTTP/1.1\r\nHost: a\r\nContent-Length: \(sizes[number]!)\r\n\r\n"
            )
            clients[number].send(Array(body(number).prefix(sizes[number]! * 2 / 3)))
            clients[number].waitUntilDelivered()
        }
        gate.open()
        #expect(clients[0].readResponse()?.status == 204)
        for number in 1...5 { clients[number].send(Array(body(number).dropFirst(sizes[number]! * 2 / 3))) }
        for number in 1...5 { #expect(clients[number].readResponse()?.status == 204) }
        // And once more over everything that was kept.
        for number in 1...5 { #expect(clients[number].get("/hello")?.status == 204) }
        let all = kept.withLock { $0 }
        #expect(all.count == 5)
        for request in all {
            let number = try #require(request.parameters["n"].flatMap { Int($0) })
            #expect(request.body == body(number))
        }
    }
}
