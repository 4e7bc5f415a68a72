import Foundation
import HTTPTypes
import Linux
import Testing

@testable import HTTPClient
@testable import ProcessHarness

@Suite("A call", .needs(.python3, .openssl))
struct CallTests {
    private let server: HostileServer

    init() throws { server = try HostileServer.shared.get() }

    struct Named: Codable, Equatable {
        var name: String
    }

    @Test("sends and reads values as JSON")
    func json() throws {
        let client = try HTTPClient(.patient)
        #expect(try client.get(server.url("/ok"), as: Named.self) == Named(name: "ok"))
        let echo = try client.post(server.url("/echo"), json: Named(name: "ü"), as: Echo.self)
        #expect(echo.method == "POST")
        #expect(echo.fields["content-type"] == "application/json")
        #expect(echo.fields["accept"] == "application/json")
        #expect(echo.fields["expect"] == nil)
        let sent = Data(echo.body.unicodeScalars.map { UInt8($0.value) })
        #expect(try JSONDecoder().decode(Named.self, from: sent) == Named(name: "ü"))
        let undecodable = failure { try client.get(server.url("/bytes/10"), as: Named.self) }
        #expect(undecodable?.reason.kind == "undecodable")
    }

    @Test("is answered by a value whatever the status; who asks for a document gets an error with its title")
    func statuses() throws {
        let client = try HTTPClient(.patient)
        #expect(try client.send(.get(server.url("/status/418"))).status.code == 418)
        #expect(try client.send(.get(server.url("/status/500"))).status.code == 500)
        let sold = failure { try client.get(server.url("/problem"), as: Named.self) }
        #expect(sold?.reason == .status(HTTPResponse.Status(code: 409), "It is sold out: Room 7"))
        let long = failure {
            try client.get(server.url("/status/500/" + String(repeating: "x", count: 3000)), as: Named.self)
        }
        #expect(long?.reason == .status(.internalServerError, String(repeating: "x", count: 1024)))
    }

    @Test("sends each method with and without a body, and reads head and body of what is answered")
    func methods() throws {
        let client = try HTTPClient(.patient)
        for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete, .options] {
            for body in [HTTPClient.Body.none, .text("hello")] {
                let echo = try client.send(HTTPClient.Request(method, server.url("/echo?a=b%20c"), body: body)).json(
                    as: Echo.self
                )
                #expect(echo.method == method.rawValue)
                #expect(echo.body == (body.bytes == nil ? "" : "hello"), "\(method)")
                #expect(echo.query == "a=b%20c")
                #expect(echo.fields["content-type"] == body.contentType, "\(method)")
                #expect(echo.fields["user-agent"] == "Panal")
            }
        }
        let head = try client.send(HTTPClient.Request(.head, server.url("/head-only")))
        #expect(head.body.isEmpty)
        #expect(head.value(of: .contentLength) == "100000000")
        #expect(try client.send(.get(server.url("/interim"))).text == "then")
        #expect(try client.send(.get(server.url("/trailers"))).text == "hello")
        let compressed = try client.send(.get(server.url("/gzip")))
        #expect(try compressed.json(as: Named.self).name.count == 5000)
        #expect(compressed.headerFields[.contentEncoding] == nil)
        #expect(compressed.headerFields[.contentLength] == nil)
        #expect(compressed.headerFields[.contentType] == "application/json")
        #expect(try client.send(.get(server.url("/bytes/1048576"))).body.count == 1 << 20)
        #expect(
            failure { try client.send(.get(server.url("/bytes/1048577"))) }?.reason == .tooLarge(.body, limit: 1 << 20)
        )
        #expect(try client.send(.get(server.url("/bytes/5000000"), maxResponseSize: 5_000_000)).body.count == 5_000_000)
        #expect(
            failure { try client.send(.get(server.url("/bytes/11"), maxResponseSize: 10)) }?.reason.kind
                == "tooLarge(body)"
        )
    }

    @Test("keeps its connection for the next")
    func keptConnections() throws {
        let client = try HTTPClient(.patient)
        // On a thread of its own, for other tests call on the threads of the pool.
        let answers = Lock<[Echo]>([])
        let thread = try Linux.Thread.start {
            for _ in 0..<3 {
                guard let echo = try? client.send(.get(server.url("/echo"))).json(as: Echo.self) else { continue }
                answers.withLock { $0.append(echo) }
            }
        }
        thread.join()
        let connections = answers.withLock { $0.map(\.connection) }
        #expect(connections.map(\.requests) == [1, 2, 3])
        #expect(Set(connections.map(\.id)).count == 1)
    }

    @Test("passes on the request's id and trace, each attempt as a span of its own")
    func passesOn() throws {
        var client = try HTTPClient(.patient)
        let trace = String(repeating: "0af7", count: 8)
        client.requestID = "request-1"
        client.trace = HTTPClient.Trace(traceID: trace, isSampled: true)
        let parents = try (0..<2).map { _ in
            let echo = try client.send(.get(server.url("/echo"))).json(as: Echo.self)
            #expect(echo.fields["x-request-id"] == "request-1")
            return try #require(echo.fields["traceparent"])
        }
        for parent in parents {
            let parts = parent.split(separator: "-")
            #expect(parts.count == 4 && parts[0] == "00" && parts[1] == trace && parts[3] == "01")
            #expect(parts[2].count == 16 && parts[2].contains { $0 != "0" })
        }
        #expect(parents[0] != parents[1])
    }

    @Test("ends with the request it is for, or by its own timeout when that is sooner")
    func deadlines() throws {
        var client = try HTTPClient(.patient)
        func time(_ request: HTTPClient.Request, _ expected: String) -> Duration {
            let start = MonotonicInstant.now
            let error = failure { try client.send(request) }
            #expect(error?.reason.kind == expected)
            return MonotonicInstant.now - start
        }
        #expect(time(.get(server.url("/hang"), timeout: .seconds(1)), "timedOut(firstByte)") < .seconds(10))
        client.deadline = .now + .seconds(1)
        #expect(time(.get(server.url("/hang")), "timedOut(firstByte)") < .seconds(10))
        #expect(time(.get(server.url("/ok")), "timedOut(start)") < .seconds(1))
    }

    @Test("says that it waits, and sends its request before that")
    func announcesBlocking() throws {
        final class Observer: BlockingObserver {
            var waits = 0
            override func willBlock(for reason: BlockingReason) { waits += 1 }
        }
        let client = try HTTPClient(.patient)
        #expect(try client.send(.get(server.url("/ok"))).status == .ok)
        let observer = Observer()
        #expect(observer.attend { failure { try client.send(.get(server.url("/slow/1000"))) } } == nil)
        #expect(observer.waits == 1)
    }

    @Test("says that it waits before it loads the library, which the first of a process does")
    func announcesLoading() async throws {
        await #expect(processExitsWith: .success) {
            final class Observer: BlockingObserver {
                var loaded: [Bool] = []
                override func willBlock(for reason: BlockingReason) { loaded.append(CurlLibrary.wasTried) }
                override func didBlock(for reason: BlockingReason) { loaded.append(CurlLibrary.wasTried) }
            }
            let client = try HTTPClient(.hurried)
            let observer = Observer()
            // Nobody listens there.
            let error = observer.attend { failure { try client.send(.get("http://127.0.0.1:1/")) } }
            #expect(error?.reason.kind == "cannotConnect")
            #expect(observer.loaded.prefix(2) == [false, true])
        }
    }

    @Test(
        "is not made with a URL that two readers could read differently",
        arguments: [
            "", "ftp://localhost/", "file:///etc/passwd", "http:/localhost", "http://", "http:///path", "//localhost/",
            "http://user:password@localhost/", "http://localhost@evil.example/", "http://local host/",
            "http://localhost/a b",
            "http://localhost/\r\nX-Evil: 1", "http://localhost/\n", "http://localhost:0/", "http://localhost:65536/",
            "http://localhost:80:80/", "http://localhost:+80/", "http://[::1/", "http://[localhost]/",
            "http://ex%61mple/",
            "http://exämple/", "http://localhost\\@evil.example/", "http://localhost/\\", "http://localhost/ü",
            "gopher://localhost:1/",
            "http://localhost:/x y", "http://[::1]x/", "http://local\u{0}host/",
        ]
    )
    func urls(url: String) throws {
        let error = failure { try HTTPClient(.patient).send(.get(url)) }
        #expect(error?.reason.kind == "refusedRequest", "\(String(describing: error))")
    }

    @Test("is not made with a field that frames the message, or has a line break in it")
    func fields() throws {
        let client = try HTTPClient(.patient)
        let length = try #require(HTTPField.Name("Content-Length"))
        for name in [length, .transferEncoding, .connection, .expect, .upgrade] {
            let error = failure { try client.send(.get(server.url("/ok"), headerFields: [name: "1"])) }
            #expect(error?.reason.kind == "refusedRequest", "\(name)")
        }
        let broken = HTTPClient.Request(.post, server.url("/ok"), idempotencyKey: "a\r\nX-Evil: 1")
        #expect(failure { try client.send(broken) }?.reason.kind == "refusedRequest")
        let type = HTTPClient.Request(.post, server.url("/ok"), body: .bytes([], contentType: "a\nb"))
        #expect(failure { try client.send(type) }?.reason.kind == "refusedRequest")
        let odd = try #require(HTTPField.Name("X-Empty"))
        let echo = try client.send(.get(server.url("/echo"), headerFields: [odd: ""])).json(as: Echo.self)
        #expect(echo.fields["x-empty"] == "")
    }

    // MARK: - Several at once

    @Test("of many at once takes as long as the slowest, on one thread")
    func all() throws {
        let client = try HTTPClient(.patient)
        let start = MonotonicInstant.now
        let answers = client.all((0..<40).map { .get(server.url("/slow/\(300 + $0)")) })
        #expect(MonotonicInstant.now - start < .seconds(5), "one after the other they take 12 s")
        #expect(answers.count == 40)
        for answer in answers { #expect(try answer.get().text == "slow") }
        #expect(client.all([]).isEmpty)
    }

    @Test("that hangs or fails costs the others nothing, and all are in the order they were asked for")
    func mixed() throws {
        let client = try HTTPClient(.hurried)
        let answers = client.all([
            .get(server.url("/hang")), .get(server.url("/ok")), .get(server.url("/close")), .get("nonsense"),
            .get("http://127.0.0.1:\(server.ports.closed)/"), .get(server.url("/bytes/3")),
            .get(server.url("/drip-body")),
        ])
        let kinds = answers.map { answer in
            switch answer {
            case .success(let response): response.text
            case .failure(let error): error.reason.kind
            }
        }
        #expect(
            kinds == [
                "timedOut(firstByte)", "{\"name\":\"ok\"}", "reset", "refusedRequest", "cannotConnect", "xxx",
                "timedOut(body)",
            ]
        )
    }
}
