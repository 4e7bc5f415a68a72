import HTTPTypes
import Linux
import Testing

@testable import HTTPClient
@testable import ProcessHarness

@Suite("What failed", .needs(.python3, .openssl))
struct RetryTests {
    private let server: HostileServer

    init() throws { server = try HostileServer.shared.get() }

    private static let retrying = HTTPClient.Configuration.patient.with {
        $0.retries.maxAttempts = 3
        $0.breaker.failureShare = 2
    }

    @Test("is done again when doing it twice is doing it once, by its method or its key; nothing else ever is")
    func repeatable() throws {
        let key = Unique.text
        for (method, idempotencyKey, expected) in [
            (.get, nil, 3), (.head, nil, 3), (.put, nil, 3), (.delete, nil, 3), (.options, nil, 3), (.post, nil, 1),
            (.patch, nil, 1), (.post, "key", 3), (.patch, "key", 3),
        ] as [(HTTPRequest.Method, String?, Int)] {
            // A budget of its own.
            let client = try HTTPClient(Self.retrying)
            let name = "\(key)-\(method)-\(idempotencyKey ?? "")"
            let request = HTTPClient.Request(method, server.url("/flaky/\(name)/2/503"), idempotencyKey: idempotencyKey)
            let response = try client.send(request)
            #expect(response.attempts == expected, "\(name)")
            #expect(response.status.code == (expected == 3 ? 200 : 503), "\(name)")
            #expect(try server.count(name) == expected, "\(name)")
        }
    }

    @Test(
        "is done again after 429, 502, 503, 504 and a connection that ended, and after no other answer",
        .serialized,
        arguments: [(429, 2), (502, 2), (503, 2), (504, 2), (500, 1), (404, 1), (400, 1), (501, 1)]
    )
    func statuses(status: Int, expected: Int) throws {
        let client = try HTTPClient(Self.retrying)
        let name = "status-\(Unique.text)"
        let response = try client.send(.get(server.url("/flaky/\(name)/1/\(status)")))
        #expect(response.attempts == expected)
        #expect(try server.count(name) == expected)
    }

    @Test("without an answer is done again, unless it must not be: then it was sent once and the error says so")
    func cut() throws {
        let client = try HTTPClient(Self.retrying)
        let name = "cut-\(Unique.text)"
        #expect(try client.send(.get(server.url("/cut/\(name)/1"))).text == "now")
        #expect(try server.count(name) == 2)
        let error = failure { try client.send(HTTPClient.Request(.post, server.url("/cut/\(name)-post/1"))) }
        #expect(error?.reason.kind == "reset")
        #expect(error?.attempts == 1)
        #expect(try server.count("\(name)-post") == 1)
    }

    @Test("on a connection that was kept is not sent again behind anybody's back")
    func keptConnection() throws {
        let name = "kept-\(Unique.text)"
        let outcomes = Lock<[String]>([])
        let configuration = Self.retrying.with { $0.retries.maxAttempts = 1 }
        let server = server
        // On a thread of its own, with connections that are nobody else's.
        let thread = try Linux.Thread.start {
            guard let client = try? HTTPClient(configuration) else { return }
            for _ in 0..<2 {
                let request = HTTPClient.Request(.post, server.url("/cut-kept/\(name)"), body: .text("pay"))
                let error = failure { try client.send(request) }
                outcomes.withLock { $0.append(error?.reason.kind ?? "answered") }
            }
        }
        thread.join()
        #expect(outcomes.withLock { $0 } == ["answered", "reset"])
        #expect(try server.count(name) == 2, "the second was done twice")
    }

    @Test("waits as long as Retry-After says when there is time for that, and is given back at once when there is not")
    func retryAfter() throws {
        let client = try HTTPClient(Self.retrying)
        let name = "after-\(Unique.text)"
        var start = MonotonicInstant.now
        #expect(try client.send(.get(server.url("/after/\(name)/1/1"))).text == "now")
        #expect(MonotonicInstant.now - start >= .seconds(1))
        start = .now
        let response = try client.send(.get(server.url("/after/\(name)-long/600/1")))
        #expect(response.status == .serviceUnavailable)
        #expect(MonotonicInstant.now - start < .seconds(5))
    }

    @Test("is done again for at most a fifth of the calls, of all processes together")
    func budget() throws {
        let table = try HostTable(slots: 2)
        // Attempts that fail at once, so that all of it is in one window.
        let configuration = Self.retrying.with { $0.retries.base = .microseconds(1) }
        let clients = [
            HTTPClient(configuration, hosts: table, slot: 0), HTTPClient(configuration, hosts: table, slot: 1),
        ]
        var attempts = 0
        for number in 0..<200 { attempts += try clients[number % 2].send(.get(server.url("/status/503"))).attempts }
        #expect(attempts > 200 + 20)
        #expect(attempts <= 200 + 40 + RetryPolicy.allowance)
        let reading = try #require(table.read().first)
        #expect(reading.attempts == attempts)
        #expect(reading.retries == attempts - 200)
        #expect(reading.failures == [.serverError: attempts])
    }

    @Test("is followed by a pause that is drawn anew each time, up to a longest that doubles")
    func jitter() {
        let policy = RetryPolicy()
        var generator = SystemRandomNumberGenerator()
        for (attempt, longest) in [(1, 50), (2, 100), (3, 200), (6, 1000), (60, 1000)] {
            let pauses = (0..<200).map { _ in policy.pause(afterAttempt: attempt, retryAfter: nil, using: &generator) }
            #expect(pauses.allSatisfy { $0 >= .zero && $0 <= .milliseconds(longest) })
            #expect(Set(pauses).count > 100)
            #expect(pauses.max()! > .milliseconds(longest / 2))
        }
        let asked = policy.pause(afterAttempt: 1, retryAfter: .seconds(3), using: &generator)
        #expect(asked >= .seconds(3) && asked <= .milliseconds(3050))
    }

    @Test(
        "knows both forms of Retry-After and believes no other",
        arguments: [
            ("0", 0), ("120", 120), ("Sun, 06 Nov 1994 08:49:37 GMT", 60), ("Sun, 06 Nov 1994 08:48:00 GMT", 0),
            ("", nil),
            ("-1", nil), ("1.5", nil), ("soon", nil), ("Sun, 06 Nov 1994 25:49:37 GMT", nil),
            ("99999999999999999999", 1 << 31),
        ] as [(String, Int64?)]
    )
    func retryAfterForms(text: String, seconds: Int64?) {
        #expect(RetryAfter.parse(text, now: 784_111_717) == seconds.map { .seconds($0) })
    }
}

/// A text that no other test uses.
enum Unique {
    static var text: String { String(UInt64.random(in: .min ... .max), radix: 36) }
}
