import Glibc
import HTTPTypes
import Linux
import Synchronization
import Testing

@testable import HTTPServer

/// Writes down what it sees.
final class Recorder: ServerObserver, Sendable {
    struct Seen {
        var method: String
        var target: String
        var path: String
        var route: String?
        var status: Int
        var bytesIn: Int
        var bytesOut: Int
        var duration: Duration
        var cpuTime: Duration?
        var id: String
        var client: String
        var error: String?
    }

    let began = Mutex<[String]>([])
    let ended = Mutex<[Seen]>([])
    let limitReached = Atomic<Int>(0)
    let open = Atomic<Int>(0)

    func requestBegan(_ request: Request) -> Measurements {
        began.withLock { $0.append(request.withMethodAndTarget { String(copying: $0) }) }
        return request.route == "/measured" ? .cpuTime : []
    }

    func requestEnded(_ exchange: Exchange) {
        let seen = Seen(
            method: exchange.method,
            target: exchange.target,
            path: exchange.rawPath,
            route: exchange.route,
            status: exchange.status,
            bytesIn: exchange.bytesIn,
            bytesOut: exchange.bytesOut,
            duration: exchange.duration,
            cpuTime: exchange.cpuTime,
            id: exchange.id,
            client: exchange.clientAddress,
            error: exchange.error.map { "\($0)" }
        )
        ended.withLock { $0.append(seen) }
    }

    func requestLimitReached() { limitReached.add(1, ordering: .relaxed) }
    func connectionsChanged(open count: Int) { open.store(count, ordering: .relaxed) }

    /// Waits for the exchanges, which are reported after their answers have left.
    func wait(for count: Int) -> [Seen] {
        while true {
            let seen = ended.withLock { $0 }
            if seen.count >= count { return seen }
        }
    }
}

@Suite("The observer")
struct ObserverTests {
    struct Broken: Error {}

    @Test("sees every exchange: answered, thrown, and refused")
    func exchanges() throws {
        let recorder = Recorder()
        let server = try LiveServer(observer: recorder) { router in
            router.get("/rooms/{id}") { _ in .text("room") }
            router.get("/measured") { _ in .text("measured") }
            router.get("/broken") { _ in throw Broken() }
        }
        defer { server.stop() }
        let client = try server.connect()
        let response = client.get("/rooms/7?x=1", "X-Request-ID: abc\r\n")
        _ = client.get("/measured")
        _ = client.get("/broken")
        _ = client.get("/nowhere")
        client.send("GET /.. HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = client.readResponse()
        let seen = recorder.wait(for: 5)
        #expect(seen.map(\.status) == [200, 200, 500, 404, 400])
        #expect(seen.map(\.route) == ["/rooms/{id}", "/measured", "/broken", nil, nil])
        #expect(seen[0].method == "GET")
        #expect(seen[0].target == "/rooms/7?x=1")
        #expect(seen[0].id == "abc")
        #expect(response?["X-Request-ID"] == "abc")
        #expect(seen[0].client == "127.0.0.1")
        #expect(seen[0].bytesIn == "GET /rooms/7?x=1 HTTP/1.1\r\nHost: a\r\nX-Request-ID: abc\r\n\r\n".utf8.count)
        #expect(seen[0].bytesOut == (response?.head.utf8.count ?? 0) + 4)
        #expect(seen[0].cpuTime == nil)
        #expect(seen[1].cpuTime != nil)
        #expect(seen[2].error == "Broken()")
        #expect(seen[4].method == "GET")
        #expect(seen[4].target == "/..")
        #expect(Set(seen.map(\.id)).count == 5)
        #expect(recorder.began.withLock { $0 } == ["GET /rooms/7?x=1", "GET /measured", "GET /broken"])
    }

    @Test("hears of a large answer when its first part has left: of its whole size, without its reader's time")
    func slowReader() throws {
        let recorder = Recorder()
        let size = 8 << 20
        let server = try LiveServer(observer: recorder) { router in
            router.get("/large") { _ in Response(body: .bytes([UInt8](repeating: 7, count: size))) }
        }
        defer { server.stop() }
        let client = try server.connect()
        let began = ContinuousClock.now
        client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        // Nothing has been read yet, and no socket's buffers hold so much.
        let seen = recorder.wait(for: 1)[0]
        #expect(seen.duration <= began.duration(to: .now))
        let response = client.readResponse()
        #expect(response?.body.count == size)
        #expect(seen.bytesOut == (response?.head.utf8.count ?? 0) + size)
    }

    @Test("hears once that the process has served enough, and the server serves on")
    func limit() throws {
        let recorder = Recorder()
        var configuration = ServerConfiguration()
        configuration.maxRequests = 3
        let server = try LiveServer(configuration, observer: recorder) { router in router.get("/") { _ in .noContent } }
        defer { server.stop() }
        let client = try server.connect()
        for _ in 0..<10 { #expect(client.get("/")?.status == 204) }
        #expect(recorder.limitReached.load(ordering: .relaxed) == 1)
        #expect(recorder.open.load(ordering: .relaxed) == 1)
    }

    @Test("is told the processor time of a handler, not the time it waited")
    func processorTime() throws {
        let recorder = Recorder()
        let server = try LiveServer(observer: recorder) { router in
            router.get("/measured") { request in
                if request.query["waits"] != nil {
                    usleep(50_000)
                } else {
                    let start = Linux.ProcessorTime.ofThisThread
                    while Linux.ProcessorTime.ofThisThread - start < 5_000_000 {}
                }
                return .noContent
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        #expect(client.get("/measured?waits=")?.status == 204)
        #expect(client.get("/measured")?.status == 204)
        let times = recorder.wait(for: 2).map(\.cpuTime)
        #expect(try #require(times[0]) < .milliseconds(25))
        #expect(try #require(times[1]) >= .milliseconds(5))
    }

    /// Is told the end of a request only when its client has the answer.
    private final class Late: ServerObserver, Sendable {
        let known = Mutex<[Int64]>([])
        let answers = Atomic<Int>(0)

        func requestBegan(_ request: Request) -> Measurements { .cpuTime }
        func requestAnswered(_ exchange: Exchange) {
            known.withLock { $0.append(exchange.handlerTimes?.wall ?? -1) }
        }
        func requestEnded(_ exchange: Exchange) { while answers.load(ordering: .acquiring) == 0 {} }
    }

    @Test(
        "knows what a handler took before the client has its answer, from whichever thread",
        arguments: ["/quick", "/waiting"]
    )
    func times(path: String) throws {
        let observer = Late()
        let server = try LiveServer(observer: observer) { router in
            router.get("/quick") { _ in .noContent }
            router.get("/waiting") { _ in
                _ = Linux.blocking { usleep(1000) }
                return .noContent
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        let status = client.get(path)?.status
        let known = observer.known.withLock { $0 }
        observer.answers.store(1, ordering: .releasing)
        #expect(status == 204)
        #expect(known.count == 1 && known[0] > (path == "/waiting" ? 1_000_000 : 0))
    }
}
