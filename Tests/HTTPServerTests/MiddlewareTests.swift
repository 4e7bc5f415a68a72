import HTTPTypes
import Synchronization
import Testing

@testable import HTTPServer

@Suite("Middleware of the whole service")
struct MiddlewareTests {
    private struct Broken: Error {}

    private static let seen = HTTPField.Name("Seen")!

    /// Marks each answer with its status, as this middleware sees it.
    private static let marking: Middleware = { next in
        { request in
            var response = try next(request)
            response.headerFields[seen] = "\(request.method) \(response.status.code)"
            return response
        }
    }

    private func server(observer: (any ServerObserver)? = nil, bodyTimeout: Duration = .seconds(10)) throws
        -> LiveServer
    {
        var configuration = ServerConfiguration()
        configuration.maxBodySize = 1000
        configuration.maxBodyMemory = 3000
        configuration.bodyTimeout = bodyTimeout
        return try LiveServer(configuration, observer: observer) { router in
            router.use(Self.marking)
            router.get("/rooms") { _ in .text("rooms") }
            router.post("/rooms") { request in .text("\(request.bodySize)") }
            router.get("/taken") { _ in throw Problem(.conflict) }
            router.get("/broken") { _ in throw Broken() }
            router.get("/no-status") { _ in .status(.continue) }
            router.group("/closed", admission: [{ _ in throw Problem(.unauthorized) }]) { closed in
                closed.get { _ in .text("in") }
                closed.post { _ in .text("in") }
            }
        }
    }

    @Test(
        "sees every answer",
        arguments: [
            ("GET /rooms HTTP/1.1\r\nHost: a\r\n\r\n", "GET 200"),
            ("HEAD /rooms HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD 200"),
            ("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "GET 404"),
            ("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", "POST 404"),
            ("DELETE /rooms HTTP/1.1\r\nHost: a\r\n\r\n", "DELETE 405"),
            ("OPTIONS /rooms HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS 204"),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS 204"),
            ("GET /taken HTTP/1.1\r\nHost: a\r\n\r\n", "GET 409"),
            ("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n", "GET 500"),
            ("GET /no-status HTTP/1.1\r\nHost: a\r\n\r\n", "GET 500"),
            ("GET /closed HTTP/1.1\r\nHost: a\r\n\r\n", "GET 401"),
            ("POST /closed HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", "POST 401"),
            ("POST /rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", "POST 413"),
            ("POST /rooms HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n", "POST 413"),
            ("POST /rooms HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "POST 400"),
            ("POST /rooms HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "POST 501"),
            ("POST /rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", "POST 408"),
            ("POST /rooms HTTP/1.0\r\n\r\n", "POST 411"),
            ("GET /rooms HTTP/1.1\r\nExpect: luck\r\nHost: a\r\n\r\n", "GET 417"),
        ]
    )
    func everyAnswer(_ request: String, _ expected: String) throws {
        let server = try server(bodyTimeout: expected.hasSuffix("408") ? .milliseconds(100) : .seconds(10))
        defer { server.stop() }
        let client = try server.connect()
        client.send(request)
        let response = client.readResponse(toHead: request.hasPrefix("HEAD"))
        #expect(response?["Seen"] == expected)
        #expect(expected.hasSuffix(" \(response?.status ?? 0)"))
    }

    @Test("sees a request that is refused for memory")
    func memory() throws {
        let server = try server()
        defer { server.stop() }
        let head = "POST /rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n"
        // Of three bodies of a kilobyte with their heads, the memory holds two.
        let clients = try (0..<3).map { _ in try server.connect() }
        for client in clients { client.send(head) }
        #expect(clients.map { $0.readResponse()?.status } == [100, 100, 503])
        let refused = try server.connect()
        refused.send(head)
        #expect(refused.readResponse()?["Seen"] == "POST 503")
    }

    @Test(
        "does not see what means nothing for sure",
        arguments: [
            ("GET /rooms HTTP/1.1\r\n\r\n", 400), ("BREW /rooms HTTP/1.1\r\nHost: a\r\n\r\n", 501),
            ("GET /rooms HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("GET /a/.. HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("POST /rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ]
    )
    func notUnderstood(_ request: String, _ status: Int) throws {
        let server = try server()
        defer { server.stop() }
        let client = try server.connect()
        client.send(request)
        let response = client.readResponse()
        #expect(response?.status == status)
        #expect(response?["Seen"] == nil)
    }

    @Test("takes nothing from the observer: the cause of a 500, and what was refused before it was a request")
    func observed() throws {
        let recorder = Recorder()
        let server = try server(observer: recorder)
        defer { server.stop() }
        #expect(try server.connect().get("/broken")?["Seen"] == "GET 500")
        #expect(recorder.wait(for: 1)[0].error == "Broken()")
        let refused = try server.connect()
        refused.send("POST /rooms HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
        #expect(refused.readResponse()?.status == 413)
        let seen = recorder.wait(for: 2)[1]
        #expect(seen.error == nil)
        #expect(seen.route == "/rooms")
        // Without a route there is middleware to run all the same.
        #expect(try server.connect().get("/nowhere")?.status == 404)
        #expect(recorder.began.withLock { $0 } == ["GET /broken", "GET /nowhere"])
    }

    @Test("reads of a refused request what its head says: the decoded path, the fields, no body, a deadline to come")
    func refusedHead() throws {
        let server = try LiveServer { router in
            router.use { next in
                { request in
                    var response = try next(request)
                    let isLate = request.deadline < .now
                    let fields = "\(request.value(of: .origin) ?? "-") \(request.headerFields.count)"
                    response.headerFields[Self.seen] = "\(request.path) \(fields) \(request.bodySize) \(isLate)"
                    return response
                }
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        client.send("GET /a%20b HTTP/1.1\r\nExpect: luck\r\nHost: a\r\nOrigin: here\r\n\r\n")
        let response = client.readResponse()
        #expect(response?.status == 417)
        #expect(response?["Seen"] == "/a b here 3 0 false")
    }

    @Test("does cross-origin requests in ten lines, preflight included")
    func crossOrigin() throws {
        var router = Router()
        let origin = "https://app.example.org"
        router.use { next in
            { request in
                var response = try next(request)
                guard request.value(of: .origin) == origin else { return response }
                response.headerFields[.accessControlAllowOrigin] = origin
                if request.method == .options, request.value(of: .accessControlRequestMethod) != nil {
                    response.headerFields[.accessControlAllowMethods] = response.headerFields[.allow]
                }
                return response
            }
        }
        router.post("/orders") { _ in throw Problem(.conflict) }
        func answer(_ method: HTTPRequest.Method, _ fields: HTTPFields) throws -> Response {
            router.respond(to: try Request(method, "/orders", headerFields: fields))
        }
        let preflight = try answer(.options, [.origin: origin, .accessControlRequestMethod: "POST"])
        #expect(preflight.status == .noContent)
        #expect(preflight.headerFields[.accessControlAllowOrigin] == origin)
        #expect(preflight.headerFields[.accessControlAllowMethods] == "POST, OPTIONS")
        let conflict = try answer(.post, [.origin: origin])
        #expect(conflict.status == .conflict)
        #expect(conflict.headerFields[.accessControlAllowOrigin] == origin)
        #expect(try answer(.post, [.origin: "https://else.example"]).headerFields[.accessControlAllowOrigin] == nil)
    }

    @Test("answers in place of the server, and what it throws is an answer for those around it")
    func instead() throws {
        let statuses = Mutex<[Int]>([])
        var router = Router()
        router.use { next in
            { request in
                let response = try next(request)
                statuses.withLock { $0.append(response.status.code) }
                return response
            }
        }
        router.use { next in
            { request in
                switch request.path {
                case "/own": return .text("own")
                case "/problem": throw Problem(.tooManyRequests)
                case "/error": throw Broken()
                case "/no-status": return .status(.continue)
                default: return try next(request)
                }
            }
        }
        let own = router.respond(to: try Request(.get, "/own"))
        for path in ["/problem", "/error", "/no-status", "/nowhere"] {
            #expect(router.respond(to: try Request(.get, path)).contentType == .problem)
        }
        #expect(own.status == .ok)
        #expect(statuses.withLock { $0 } == [200, 429, 500, 500, 404])
    }

    @Test("may ask twice: an error that was mended is none")
    func again() throws {
        let recorder = Recorder()
        let calls = Atomic<Int>(0)
        let server = try LiveServer(observer: recorder) { router in
            router.use { next in
                { request in
                    let response = try next(request)
                    return response.status == .internalServerError ? try next(request) : response
                }
            }
            router.get("/") { _ in
                if calls.add(1, ordering: .relaxed).newValue == 1 { throw Broken() }
                return .noContent
            }
        }
        defer { server.stop() }
        #expect(try server.connect().get("/")?.status == 204)
        #expect(recorder.wait(for: 1)[0].error == nil)
    }

    @Test("wraps no route that was there before it; a group's wraps its routes only, and gets what they throw")
    func order() throws {
        var router = Router()
        router.get("/before") { _ in .text("before") }
        router.use(Self.marking)
        router.group("/group") { group in
            group.use { next in
                { request in
                    do {
                        return try next(request)
                    } catch is Broken {
                        return .text("mended")
                    }
                }
            }
            group.get("/broken") { _ in throw Broken() }
        }
        router.get("/after") { _ in throw Broken() }
        func seen(_ path: String) throws -> String? {
            router.respond(to: try Request(.get, path)).headerFields[Self.seen]
        }
        #expect(try seen("/before") == nil)
        #expect(try seen("/group/broken") == "GET 200")
        #expect(try seen("/group/nowhere") == "GET 404")
        #expect(try seen("/after") == "GET 500")
    }
}

@Suite("What travels with a request")
struct RequestContextTests {
    private struct Caller: RequestContextKey, Equatable {
        typealias Value = Caller
        let name: String
    }

    private enum Depth: RequestContextKey { typealias Value = Int }

    @Test("is set by the admission, and read by middleware, handler and observer, of this request only")
    func admission() throws {
        final class Callers: ServerObserver, Sendable {
            let all = Mutex<[String?]>([])
            func requestEnded(_ exchange: Exchange) {
                all.withLock { $0.append(exchange.request?[Caller.self]?.name) }
            }
        }
        let callers = Callers()
        let inMiddleware = Mutex<[String?]>([])
        let server = try LiveServer(observer: callers) { router in
            router.use { next in
                { request in
                    inMiddleware.withLock { $0.append(request[Caller.self]?.name) }
                    return try next(request)
                }
            }
            let known: Admission = { request in
                if let name = request.value(of: .authorization) { request[Caller.self] = Caller(name: name) }
            }
            let answer: Handler = { request in .text(request[Caller.self]?.name ?? "nobody") }
            router.group("/who", admission: [known]) { who in
                who.get(use: answer)
                who.post(use: answer)
            }
        }
        defer { server.stop() }
        let client = try server.connect()
        #expect(client.get("/who", "Authorization: ada\r\n")?.text == "ada")
        #expect(client.get("/who")?.text == "nobody")
        // Admitted before the body is there.
        let fields = "Host: a\r\nAuthorization: eve\r\nContent-Length: 2\r\nExpect: 100-continue\r\n"
        client.send("POST /who HTTP/1.1\r\n\(fields)\r\n")
        #expect(client.readResponse()?.status == 100)
        client.send("ab")
        #expect(client.readResponse()?.text == "eve")
        #expect(client.get("/who")?.text == "nobody")
        client.close()
        server.stop()
        #expect(callers.all.withLock { $0 } == ["ada", nil, "eve", nil])
        #expect(inMiddleware.withLock { $0 } == ["ada", nil, "eve", nil])
    }

    @Test("is handed inwards by middleware in a copy, and can be taken out again")
    func middleware() throws {
        var router = Router()
        for _ in 0..<3 {
            router.use { next in
                { request in
                    var inner = request
                    inner[Depth.self] = (request[Depth.self] ?? 0) + 1
                    inner[Caller.self] = Caller(name: "ada")
                    let response = try next(inner)
                    #expect(request[Depth.self] != inner[Depth.self])
                    return response
                }
            }
        }
        router.get("/") { request in
            var request = request
            request[Caller.self] = nil
            return .text("\(request[Depth.self] ?? 0) \(request[Caller.self]?.name ?? "nobody")")
        }
        var request = try Request(.get, "/")
        request[Depth.self] = 10
        guard case .string(let text) = router.respond(to: request).body else { throw LiveServer.NoSocket() }
        #expect(text == "13 nobody")
    }
}
