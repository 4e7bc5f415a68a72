import Glibc
import HTTPTypes
import Linux
import Synchronization
import Testing

@testable import HTTPServer

/// Handlers that wait until the test lets them go on, and how many of them do.
private final class Crossing: Sendable {
    private let arrivals = Semaphore()
    private let green = Semaphore()
    private let inside = Mutex((now: 0, most: 0))
    private let names = Mutex<[String]>([])

    /// The most that were inside at the same time.
    var most: Int { inside.withLock { $0.most } }
    /// Who came, in order.
    var order: [String] { names.withLock { $0 } }

    /// Called by a handler.
    func pass(_ name: String = "") {
        inside.withLock { inside in
            inside.now += 1
            inside.most = max(inside.most, inside.now)
        }
        names.withLock { $0.append(name) }
        arrivals.signal()
        green.wait()
        inside.withLock { $0.now -= 1 }
    }

    func waitForArrival(_ count: Int = 1) { for _ in 0..<count { arrivals.wait() } }
    func letGo(_ count: Int = 1) { for _ in 0..<count { green.signal() } }
}

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
        #expect(crossing.order.count == 2)
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
        #expect(Array(crossing.order.dropFirst(2)) == ["2", "3", "4", "5", "6", "7"])
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

@Suite("A request for which no thread is free")
struct OverloadTests {
    /// Hears when too much comes.
    private final class OverloadWatch: ServerObserver, Sendable {
        private let began = Semaphore()
        func overloadBegan(waiting: Int) { began.signal() }
        func wait() { began.wait() }
    }

    private func busyServer(
        _ crossing: Crossing,
        queueTimeout: Duration = .milliseconds(50),
        observer: (any ServerObserver)? = nil
    ) throws -> (server: LiveServer, holder: Client) {
        var configuration = ServerConfiguration()
        configuration.maxThreads = 1
        configuration.queueTimeout = queueTimeout
        let server = try LiveServer(configuration, observer: observer) { router in
            router.get("/wait", execution: .blocking) { _ in
                crossing.pass()
                return .noContent
            }
            router.get("/quick") { _ in .noContent }
            router.post("/quick") { _ in .noContent }
        }
        let holder = try server.connect()
        holder.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        crossing.waitForArrival()
        return (server, holder)
    }

    @Test("is refused after QUEUE_TIMEOUT with Retry-After, and its connection goes on")
    func refused() throws {
        let crossing = Crossing()
        let (server, holder) = try busyServer(crossing)
        defer { server.stop() }
        let client = try server.connect()
        let refusal = client.get("/quick")
        #expect(refusal?.status == 503)
        #expect(refusal?["Retry-After"] == "1")
        #expect(refusal?["Connection"] == nil)
        crossing.letGo()
        #expect(holder.readResponse()?.status == 204)
        #expect(client.get("/quick")?.status == 204)
    }

    @Test("has already waited for as long as X-Request-Start says", arguments: ["t=%.3f", "%.0f000", "t=%.0f000000"])
    func requestStart(form: String) throws {
        let crossing = Crossing()
        let (server, holder) = try busyServer(crossing, queueTimeout: .seconds(30))
        defer { server.stop() }
        let client = try server.connect()
        let minuteAgo = String(time(nil) - 60)
        let text = form.replacing("%.3f", with: minuteAgo + ".000").replacing("%.0f", with: minuteAgo)
        #expect(client.get("/quick", "X-Request-Start: \(text)\r\n")?.status == 503)
        crossing.letGo()
        #expect(holder.readResponse()?.status == 204)
        // When this is answered the thread is free again.
        #expect(client.get("/quick")?.status == 204)
        #expect(client.get("/quick", "X-Request-Start: \(text)\r\n")?.status == 204, "there is a thread")
    }

    @Test("is told what a clock says, and not what cannot be")
    func requestStartText() {
        let now: Int64 = 1_700_000_100_000_000_000
        #expect(RequestStart.age("t=1700000099.5", now: now) == 500_000_000)
        #expect(RequestStart.age("1700000099000", now: now) == 1_000_000_000)
        #expect(RequestStart.age("t=1700000099000000", now: now) == 1_000_000_000)
        for text in [nil, "", "t=", "soon", "-5", "nan", "inf", "1e300", "t=1700000200", "1", "1600000000"] {
            #expect(RequestStart.age(text, now: now) == 0, "\(text ?? "nothing")")
        }
    }

    @Test("is refused for a standing queue and not for a burst")
    func delay() {
        let ms: Int64 = 1_000_000
        var delay = QueueDelay(longest: 5000 * ms)
        // A burst: some wait for long, but one in each interval does not.
        for round in 0..<50 as Range<Int64> {
            let now = 1_000_000 * ms + round * 4 * ms
            let refuses = delay.refuses(round % 4 == 0 ? 1 * ms : 80 * ms, now: now)
            #expect(!refuses)
        }
        #expect(!delay.isOverloaded)
        // From here on all wait for long: an interval later who waited for more than 30 ms is refused, but for the first.
        var refused: [Bool] = []
        for round in 0..<60 as Range<Int64> {
            refused.append(delay.refuses(60 * ms, now: 2_000_000 * ms + round * 2 * ms))
        }
        #expect(!refused[0..<11].contains(true))
        #expect(refused[20...].count { $0 } >= 30)
        #expect(refused[20...].contains(false), "the first of an interval is not")
        // Nobody who waits less is.
        let refuses = delay.refuses(29 * ms, now: 2_000_121 * ms)
        #expect(!refuses)
        // And it ends with one good interval.
        for round in 0..<30 as Range<Int64> { _ = delay.refuses(2 * ms, now: 2_001_000 * ms + round * 10 * ms) }
        #expect(!delay.isOverloaded)
        let isRefused = delay.refuses(5001 * ms, now: 2_002_000 * ms)
        #expect(isRefused, "nobody waits longer than QUEUE_TIMEOUT")
    }

    @Test("waits for as long as no thread becomes free, at most QUEUE_TIMEOUT; one that waits alone always does")
    func standing() {
        let ms: Int64 = 1_000_000
        var delay = QueueDelay(longest: 5000 * ms)
        // Long after anything else, and again and again.
        for round in 1...5 as ClosedRange<Int64> {
            let start = round * 60_000 * ms
            delay.noteQueueBegan(now: start)
            var (now, looks) = (start, 0)
            while now < start + 5000 * ms {
                delay.look(now: now)
                #expect(now - start <= delay.limit(isAlone: false), "\((now - start) / ms) ms")
                #expect(delay.isOverloaded == (now >= start + 100 * ms) || now < start + 150 * ms)
                // It is looked at again, but not all the time.
                let next = delay.nextLook(waitingSince: start, isAlone: false)
                #expect(next > now)
                now = next
                looks += 1
            }
            #expect(looks < 50)
            #expect(delay.limit(isAlone: false) == 5000 * ms && delay.limit(isAlone: true) == 5000 * ms)
            // Now they are quick again.
            for _ in 0..<200 { delay.noteHandler(took: 1 * ms) }
        }
    }

    @Test("does not change what others may wait by what it says of its own wait")
    func forgedStart() {
        let ms: Int64 = 1_000_000
        var delay = QueueDelay(longest: 5000 * ms)
        let start = 10_000_000 * ms
        delay.noteQueueBegan(now: start)
        // An hour, says its head. No thread becomes free meanwhile.
        delay.look(now: start + 30 * ms)
        delay.note(3_600_000 * ms, now: start + 30 * ms)
        delay.look(now: start + 60 * ms)
        // From here on all wait for 80 ms, and soon that is too much as ever.
        var refused = 0
        for round in 0..<100 as Range<Int64> {
            if delay.refuses(80 * ms, now: start + 100 * ms + round * 2 * ms) { refused += 1 }
            delay.noteHandler(took: 1 * ms)
        }
        #expect(refused > 30)
    }

    @Test("is judged by what handlers take: where they take long, so may the wait")
    func longHandlers() {
        let ms: Int64 = 1_000_000
        var delay = QueueDelay(longest: 60_000 * ms)
        for _ in 0..<200 { delay.noteHandler(took: 1000 * ms) }
        var refused = 0
        // Almost as long as a handler takes, all the time: twice as many clients as threads.
        for round in 0..<100 as Range<Int64> {
            if delay.refuses(900 * ms, now: round * 100 * ms) { refused += 1 }
        }
        #expect(refused == 0)
        for round in 0..<100 as Range<Int64> {
            if delay.refuses(4000 * ms, now: 20_000 * ms + round * 100 * ms) { refused += 1 }
        }
        #expect(refused > 50)
    }

    @Test("is not read to its end when it has a body and the server is overloaded")
    func body() throws {
        let crossing = Crossing()
        let overload = OverloadWatch()
        let (server, holder) = try busyServer(crossing, queueTimeout: .seconds(30), observer: overload)
        defer { server.stop() }
        // Requests that wait, until it is seen that no thread becomes free.
        let waiting = try (0..<4).map { _ in try server.connect() }
        for client in waiting { client.send("GET /quick HTTP/1.1\r\nHost: a\r\n\r\n") }
        overload.wait()
        let client = try server.connect()
        client.send("POST /quick HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n")
        let refusal = client.readResponse()
        #expect(refusal?.status == 503)
        #expect(refusal?["Connection"] == "close")
        crossing.letGo()
        #expect(holder.readResponse()?.status == 204)
    }
}

@Suite("Nobody waits behind somebody else's wait", .serialized)
struct WaitingPropertyTests {
    /// How long a request may wait although a thread is free: far more than the 5 ms of the watch on a loaded machine, far
    /// less than the slow handlers take.
    private static let tolerance = 0.25

    @Test("over random loads no request waits while a thread is free", arguments: [1, 2, 3] as [UInt64])
    func random(seed: UInt64) throws {
        var configuration = ServerConfiguration()
        configuration.maxThreads = 6
        let server = try LiveServer(configuration) { router in
            router.get("/slow/{ms}") { request in
                usleep(UInt32(request.parameters["ms"] ?? "")! * 1000)
                return .noContent
            }
            router.get("/said/{ms}") { request in
                blocking { _ = usleep(UInt32(request.parameters["ms"] ?? "")! * 1000) }
                return .noContent
            }
            router.get("/quick") { _ in .noContent }
        }
        defer { server.stop() }
        let late = Mutex<[String]>([])
        let asked = Atomic(0)
        // No more of them than there are threads: whoever waits, waits for no reason.
        let threads = (0..<6).map { number in
            Worker {
                var generator = SeededGenerator(seed: seed &* 100 &+ UInt64(number))
                var client: Client?
                let end = SuspendingClock.now.advanced(by: .seconds(3))
                while SuspendingClock.now < end {
                    let isOneShot = Bool.random(using: &generator)
                    let milliseconds = Int.random(in: 0...3, using: &generator) == 0 ? 600 : 0
                    let path =
                        milliseconds == 0
                        ? "/quick" : Bool.random(using: &generator) ? "/slow/\(milliseconds)" : "/said/\(milliseconds)"
                    guard let connection = try? client ?? server.connect() else { continue }
                    let start = SuspendingClock.now
                    let answer = connection.get(path, isOneShot ? "Connection: close\r\n" : "")
                    let took = start.duration(to: .now) / .seconds(1)
                    asked.add(1, ordering: .relaxed)
                    if answer?.status != 204 || took > Double(milliseconds) / 1000 + Self.tolerance {
                        late.withLock { $0.append("\(path): \(answer?.status ?? 0) after \(took) s") }
                    }
                    client = isOneShot ? nil : connection
                    if Int.random(in: 0...9, using: &generator) == 0 {
                        usleep(UInt32.random(in: 0...20_000, using: &generator))
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(late.withLock { $0 } == [])
        #expect(asked.load(ordering: .relaxed) > 50)
    }

    /// A thread of the test.
    private final class Worker {
        private let thread: Linux.Thread?

        init(_ body: @escaping @Sendable () -> Void) { thread = try? Thread.start(body) }
        func join() { thread?.join() }
    }
}
