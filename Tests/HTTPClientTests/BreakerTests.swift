import Glibc
import HTTPTypes
import Linux
import Testing

@testable import HTTPClient
@testable import ProcessHarness

@Suite("A host that fails", .needs(.python3, .openssl))
struct BreakerTests {
    private let server: HostileServer

    init() throws { server = try HostileServer.shared.get() }

    @Test(
        "is left alone by all workers, tried again by one call of each, and called again when one of them was answered"
    )
    func sharedBreaker() throws {
        let table = try HostTable(slots: 2)
        let configuration = HTTPClient.Configuration.patient.with { $0.breaker.openTime = .seconds(3) }
        let first = HTTPClient(configuration, hosts: table, slot: 0)
        let second = HTTPClient(configuration, hosts: table, slot: 1)
        let failing = server.url("/status/503")
        for _ in 0..<9 { #expect(try first.send(.get(failing)).status == .serviceUnavailable) }
        let trips = MonotonicInstant.now
        #expect(try second.send(.get(failing)).status == .serviceUnavailable)
        // What the first knew a moment ago it believes for 10 ms.
        var refusal: HTTPClientError?
        #expect(
            eventually {
                refusal = failure { try first.send(.get(failing)) }; return refusal != nil
            }
        )
        guard case .circuitOpen(let time)? = refusal?.reason else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        #expect(time <= .seconds(3))
        #expect(failure { try second.send(.get(server.url("/ok"))) }?.reason.kind == "circuitOpen")
        #expect(table.read().first?.circuit != .closed)

        // A probe that fails opens it again.
        #expect(eventually { failure { try second.send(.get(failing)) } == nil })
        #expect(MonotonicInstant.now - trips >= .milliseconds(2900))
        #expect(failure { try second.send(.get(server.url("/ok"))) }?.reason.kind == "circuitOpen")

        // One that succeeds closes it for everybody.
        #expect(eventually { failure { try first.send(.get(server.url("/ok"))) } == nil })
        #expect(eventually { failure { try second.send(.get(server.url("/ok"))) } == nil })
        #expect(table.read().first?.circuit == .closed)
        #expect((table.read().first?.refusals ?? 0) > 2)
        // And what failed before is forgotten.
        #expect(try second.send(.get(failing)).status == .serviceUnavailable)
        #expect(try first.send(.get(server.url("/ok"))).status == .ok)
    }

    @Test("is tried by one call of a worker at a time")
    func oneProbe() throws {
        let table = try HostTable(slots: 2)
        let first = HostLane(table, slot: 0).host("http://a:80")
        let second = HostLane(table, slot: 1).host("http://a:80")
        var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
        let policy = BreakerPolicy()
        for _ in 0..<10 { first.record(.failed, .connection, duration: .zero, isProbe: false, policy, at: now) }
        now = now + policy.openTime
        func kind(_ host: HostLane.Host, _ limit: MonotonicInstant) -> String {
            switch host.admit(at: now, until: limit) {
            case .admitted: "admitted"
            case .probe: "probe"
            case .refused: "refused"
            }
        }
        let limit = now + .seconds(1)
        #expect(kind(first, limit) == "probe")
        #expect(kind(first, limit) == "refused")
        #expect(kind(second, limit) == "probe")
        // A probe that nobody ever hears of again, such as a thread's that died, is in nobody's way.
        now = limit
        #expect(kind(first, now + .seconds(1)) == "probe")
        second.record(.well, nil, duration: .zero, isProbe: true, policy, at: now)
        now = now + .milliseconds(20)
        #expect(kind(first, limit) == "admitted")
    }

    @Test("is tried by another call when the one that was to do so could not be started")
    func probeGivenBack() throws {
        let table = try HostTable(slots: 1)
        let broken = HTTPClient(
            .patient.with {
                // More than libcurl takes as an option.
                $0.caFile = String(repeating: "x", count: 9_000_000)
                $0.breaker.openTime = .zero
            },
            hosts: table,
            slot: 0
        )
        let client = HTTPClient(.patient.with { $0.breaker.openTime = .zero }, hosts: table, slot: 0)
        for _ in 0..<10 { _ = try client.send(.get(server.url("/status/503"))) }
        #expect(table.read().first?.circuit == .halfOpen)
        #expect(failure { try broken.send(.get(server.url("/ok"))) }?.reason.kind == "cannotConnect")
        #expect(table.read().first?.circuit == .halfOpen)
        #expect(try client.send(.get(server.url("/ok"))).status == .ok)
        #expect(table.read().first?.circuit == .closed)
    }

    @Test("is not left alone for a few failures, for another's, or for what is not its fault")
    func notTripped() throws {
        let client = try HTTPClient(.patient.with { $0.breaker.openTime = .seconds(60) })
        for _ in 0..<9 { _ = try client.send(.get(server.url("/status/503"))) }
        for _ in 0..<20 { _ = try client.send(.get(server.url("/status/500"))) }
        for _ in 0..<20 { _ = failure { try client.send(.get(server.url("/bytes/11"), maxResponseSize: 10)) } }
        for _ in 0..<20 { _ = failure { try client.send(.get("http://127.0.0.1:\(server.ports.closed)/")) } }
        var late = client
        for _ in 0..<20 {
            late.deadline = .now + .milliseconds(2)
            #expect(failure { try late.send(.get(server.url("/hang"))) }?.reason.kind.hasPrefix("timedOut") == true)
        }
        #expect(try client.send(.get(server.url("/ok"))).status == .ok)
        #expect(
            failure { try client.send(.get("http://127.0.0.1:\(server.ports.closed)/")) }?.reason.kind == "circuitOpen"
        )
    }

    @Test("is left alone when calls had their own time, however short, and not when the caller had no more")
    func ownTime() throws {
        // One that drops what would open a connection, and one that does not answer.
        for url in ["http://127.0.0.1:\(server.ports.full)/", "http://127.0.0.1:\(server.ports.silent)/"] {
            let request = HTTPClient.Request.get(url, timeout: .seconds(1))
            let patient = HTTPClient.Request.get(url, timeout: .seconds(10))
            // Its time for a connection and for the first byte is 20 s.
            let client = try HTTPClient(.patient.with { $0.breaker.openTime = .seconds(60) })
            for answer in client.within(.seconds(1)).all(Array(repeating: patient, count: 20)) {
                guard case .failure(let error) = answer else { continue }
                #expect(error.reason.kind.hasPrefix("timedOut"), "\(url): \(error)")
            }
            for answer in client.all(Array(repeating: request, count: 20)) {
                guard case .failure(let error) = answer else { continue }
                #expect(error.reason.kind.hasPrefix("timedOut"), "\(url): \(error)")
            }
            #expect(failure { try client.send(request) }?.reason.kind == "circuitOpen", "\(url)")
        }
    }

    @Test("is counted by how it failed, with the time it took")
    func counts() throws {
        let table = try HostTable(slots: 1)
        let client = HTTPClient(.hurried, hosts: table, slot: 0)
        for path in ["/ok", "/ok", "/status/500", "/status/429", "/close", "/hang", "/garbage", "/slow/120"] {
            _ = failure { try client.send(.get(server.url(path))) }
        }
        let reading = try #require(table.read().first)
        #expect(reading.host == "http://127.0.0.1:\(server.ports.plain)")
        #expect(reading.attempts == 8)
        #expect(
            reading.failures == [.serverError: 1, .tooManyRequests: 1, .reset: 1, .timeout: 1, .malformed: 1]
        )
        #expect(reading.buckets.reduce(0, +) == 8)
        #expect(reading.duration > .milliseconds(800))
        // Another program reads the same.
        let shared = try SharedMemory(reading: try FileDescriptor(dup(table.descriptor), of: "dup"))
        #expect(HostTable(reading: shared)?.read() == table.read())
    }

    @Test("is told from others up to a number, and behind it shares a place without a breaker")
    func overflow() throws {
        let table = try HostTable(slots: 1)
        let places = (0..<HostTable.hostCapacity + 20).map { table.place(of: "http://h\($0):80") }
        #expect(Set(places.prefix(HostTable.hostCapacity)).count == HostTable.hostCapacity)
        #expect(places.suffix(20).allSatisfy { $0 == HostTable.hostCapacity })
        #expect(table.place(of: "http://h7:80") == places[7])
        let other = HostLane(table, slot: 0).host("http://h140:80")
        let now = MonotonicInstant.now
        for _ in 0..<100 { other.record(.failed, .reset, duration: .zero, isProbe: false, BreakerPolicy(), at: now) }
        guard case .admitted = other.admit(at: now + .seconds(1), until: now) else {
            Issue.record("one host that fails cuts off others")
            return
        }
        #expect(table.read().map(\.host) == [HostTable.otherHosts])
    }

    @Test("has a record that counts what is ten seconds old and nothing older, over any passing of time")
    func window() {
        var word = WindowWord(bits: 0)
        #expect(word.age(at: 5) == nil)
        for second in [0, 1, 1 << 22 - 1, 1 << 22, 1 << 40] as [Int64] {
            word = WindowWord(bits: 0).adding(.failure, at: second)
            #expect(word.age(at: second) == 0)
            #expect(word.age(at: second + 9) == 9)
            #expect((word.successes, word.failures, word.retries) == (0, 1, 0))
            for _ in 0..<20_000 { word = word.adding(.success, at: second) }
            #expect((word.successes, word.failures, word.retries) == (WindowWord.most, 1, 0))
            word = word.adding(.retry, at: second + 10)
            #expect((word.successes, word.failures, word.retries) == (0, 0, 1))
        }
    }

    @Test("is closed, open or half-open as the latest word of any worker says")
    func states() {
        func at(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }
        #expect(Circuit().state(at: at(1)) == .closed)
        #expect(Circuit(openUntil: at(10), closedAt: at(0)).state(at: at(9)) == .open(until: at(10)))
        #expect(Circuit(openUntil: at(10), closedAt: at(0)).state(at: at(10)) == .halfOpen)
        #expect(Circuit(openUntil: at(10), closedAt: at(11)).state(at: at(12)) == .closed)
        #expect(Circuit(openUntil: at(20), closedAt: at(11)).state(at: at(12)) == .open(until: at(20)))
        let policy = BreakerPolicy()
        #expect(!Circuit.trips(CallWindow(successes: 0, failures: 9), policy))
        #expect(Circuit.trips(CallWindow(successes: 0, failures: 10), policy))
        #expect(Circuit.trips(CallWindow(successes: 10, failures: 10), policy))
        #expect(!Circuit.trips(CallWindow(successes: 11, failures: 10), policy))
    }
}

/// Whether it comes to be so before long.
private func eventually(_ condition: () -> Bool) -> Bool {
    let end = MonotonicInstant.now + .seconds(20)
    while MonotonicInstant.now < end {
        if condition() { return true }
        usleep(5000)
    }
    return false
}
