import Glibc
import HTTPTypes
import Linux
import Synchronization
import Testing

@testable import HTTPServer

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
        // A quick handler that loses its processor would be one that has the only thread.
        configuration.handlerPatience = .seconds(600)
        let server = try LiveServer(configuration, observer: observer) { router in
            router.get("/wait", execution: .blocking) { _ in
                crossing.pass()
                return .noContent
            }
            router.get("/probe", execution: .urgent) { _ in .noContent }
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
        // Of a route that waits for no thread: the one there is may not be back yet.
        #expect(client.get("/probe")?.status == 204)
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
        let beyondClocks = ["1e10", "t=99999999999", "99999999999999", "99999999999999999"]
        for text in [nil, "", "t=", "soon", "-5", "nan", "inf", "1e300", "t=1700000200", "1", "1600000000"]
            + beyondClocks
        {
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
