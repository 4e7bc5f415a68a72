import HTTPServer
import HTTPTypes
import Logging
import Testing
import Values

@testable import Panal

@Suite("Who may ask what")
struct AccessTests {
    private struct Desk: Service {
        static let info = ServiceInfo(name: "desk", summary: "", revision: "", date: "")

        static func addRoutes(to router: inout Router, _ dependencies: Dependencies<NoSettings>) {
            router.get("/things") { .text("\($0[Caller.self]?.name ?? "nobody")") }
            router.post("/things") { _ in .noContent }
            router.delete("/things") { _ in .noContent }
            router.group(access: .scope(.read)) { $0.post("/search") { _ in .noContent } }
            // Whose callers somebody else knows.
            let known: Admission = { request in request[Caller.self] = Caller(name: "ada@issuer", scopes: [.read]) }
            router.group(access: .open, admission: [known]) { own in
                own.get("/own") { .text("\($0[Caller.self]?.name ?? "nobody")") }
            }
            router.group(access: .scope("audit")) { audit in
                audit.get("/audit") { _ in .noContent }
                audit.group("/more", access: .open) {
                    $0.get("/public") { .text("\($0[Caller.self]?.name ?? "nobody")") }
                }
            }
        }
    }

    private static let names: [(String, Set<Scope>)] = [
        ("reader", [.read]), ("writer", [.write]), ("both", [.read, .write]), ("auditor", ["audit"]),
    ]
    private static let now = Timestamp(unixSeconds: 1_800_000_000)

    private static func key(_ name: String) -> String { "the-key-of-\(name)-0123456789" }

    private func router(_ further: [String: String] = [:], expires: CivilDate? = nil) throws -> Router {
        let entries = try Self.names.map { name, scopes in
            try #require(APIKey(Self.key(name), name: name, scopes: scopes, expires: expires)).entry
        }
        let variables = ["API_KEYS": entries.joined(separator: ",")].merging(further) { $1 }
        return Desk.router(
            Dependencies<NoSettings>(
                settings: try Desk.settings(variables),
                databases: nil,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                now: { Self.now }
            )
        )
    }

    private func ask(
        _ router: Router,
        _ method: HTTPRequest.Method,
        _ path: String,
        as name: String?
    ) throws -> Response {
        let fields: HTTPFields = name.map { [.authorization: "Bearer \(Self.key($0))"] } ?? [:]
        return router.respond(to: try Request(method, path, headerFields: fields))
    }

    @Test(
        "safe methods need read, others write, unless the route's group says another scope, or that it is open",
        arguments: [
            (.get, "/things", [200, 403, 200, 403]), (.head, "/things", [200, 403, 200, 403]),
            (.post, "/things", [403, 204, 204, 403]), (.delete, "/things", [403, 204, 204, 403]),
            (.post, "/search", [204, 403, 204, 403]), (.get, "/audit", [403, 403, 403, 204]),
            (.get, "/more/public", [200, 200, 200, 200]),
        ] as [(HTTPRequest.Method, String, [Int])]
    )
    func scopes(method: HTTPRequest.Method, path: String, statuses: [Int]) throws {
        let router = try router()
        for ((name, _), status) in zip(Self.names, statuses) {
            #expect(try ask(router, method, path, as: name).status.code == status, "\(method) \(path) as \(name)")
        }
        #expect(try ask(router, method, path, as: nil).status.code == (path == "/more/public" ? 200 : 401))
        #expect(try ask(router, method, path, as: "stranger").status.code == (path == "/more/public" ? 200 : 401))
    }

    @Test(
        "a route that says nothing is closed: only what is declared open, and what every service has, asks for no key"
    )
    func closedByDefault() throws {
        let router = try router()
        let open = router.routes.filter { $0.requiredScope == nil }.map(\.pattern)
        let ofEveryService = ["/problems/{name}", "/openapi.json", "/docs", "/", "/livez", "/readyz"]
        #expect(Set(open) == Set(["/own", "/more/public"] + ofEveryService))
        for route in router.routes where route.requiredScope != nil {
            let answer = router.respond(to: try Request(route.method, route.pattern))
            #expect(answer.status == .unauthorized, "\(route.method) \(route.pattern)")
        }
    }

    @Test("who may not do it is told which scope is missing, as a problem and as RFC 6750 has it")
    func missingScope() throws {
        let answer = try ask(router(), .post, "/things", as: "reader")
        let text = String(decoding: try answer.body.collect(), as: UTF8.self)
        #expect(answer.contentType == .problem)
        #expect(text.contains(#""type":"/problems/insufficient-scope""#) && text.contains("the scope write"))
        #expect(
            answer.headerFields[.wwwAuthenticate] == #"Bearer error="insufficient_scope", scope="write""#
        )
        #expect(try ask(router(), .get, "/problems/insufficient-scope", as: nil).status == .ok)
    }

    @Test("a key that is not known and one that has expired are 401 with the error of RFC 6750; none is 401 without it")
    func unauthorized() throws {
        let invalid = #"Bearer error="invalid_token""#
        #expect(try ask(router(), .get, "/things", as: "stranger").headerFields[.wwwAuthenticate] == invalid)
        #expect(try ask(router(), .get, "/things", as: nil).headerFields[.wwwAuthenticate] == "Bearer")
        let today = Self.now.date
        #expect(try ask(router(expires: today.adding(days: 1)), .get, "/things", as: "reader").status == .ok)
        let expired = try ask(router(expires: today), .get, "/things", as: "reader")
        #expect(expired.status == .unauthorized)
        #expect(expired.headerFields[.wwwAuthenticate] == invalid)
        #expect(String(decoding: try expired.body.collect(), as: UTF8.self).contains("expired"))
    }

    @Test("the handler knows who asks; nobody is known where nobody is asked")
    func caller() throws {
        func name(_ router: Router, _ path: String) throws -> String {
            String(decoding: try ask(router, .get, path, as: "reader").body.collect(), as: UTF8.self)
        }
        #expect(try name(router(), "/things") == "reader")
        #expect(try name(router(), "/more/public") == "nobody")
        #expect(try name(router(["API_KEYS": "open"]), "/things") == "nobody")
        #expect(try name(router(), "/own") == "ada@issuer", "a service's own admission says who asks")
    }

    @Test("a limit for each key's name is one for all its keys, and says what is left; probes have none")
    func keyLimit() throws {
        let router = try router(["RATE_LIMIT": "3/h"])
        let fields = (policy: HTTPField.Name("RateLimit-Policy")!, state: HTTPField.Name("RateLimit")!)
        for left in [2, 1, 0] {
            let answer = try ask(router, .get, "/things", as: "reader")
            #expect(answer.status == .ok)
            #expect(answer.headerFields[fields.policy] == #""key";q=3;w=3600"#)
            #expect(answer.headerFields[fields.state]?.hasPrefix(#""key";r=\#(left);t="#) == true)
        }
        let refused = try ask(router, .get, "/things", as: "reader")
        #expect(refused.status == .tooManyRequests)
        #expect(refused.contentType == .problem)
        #expect(refused.headerFields[fields.state]?.hasPrefix(#""key";r=0;t="#) == true)
        let wait = try #require(refused.headerFields[.retryAfter].flatMap { Int($0) })
        #expect(refused.headerFields[fields.state] == #""key";r=0;t=\#(wait)"#)
        #expect((1...7200).contains(wait))
        #expect(try ask(router, .get, "/things", as: "both").status == .ok, "others are not limited by it")
        for _ in 0..<5 { #expect(try ask(router, .get, "/livez", as: nil).status == .ok) }
        #expect(try ask(router, .get, "/livez", as: nil).headerFields[fields.policy] == nil)
    }

    @Test("a limit for each address comes before keys are asked for, so that nobody guesses for long")
    func addressLimit() throws {
        let router = try router(["RATE_LIMIT_ADDRESS": "3/h"])
        for _ in 0..<3 { #expect(try ask(router, .get, "/things", as: "stranger").status == .unauthorized) }
        #expect(try ask(router, .get, "/things", as: "reader").status == .tooManyRequests)
        #expect(try ask(router, .get, "/", as: nil).status == .tooManyRequests)
        #expect(try ask(router, .get, "/readyz", as: nil).status == .ok)
    }

    @Test("without limits and keys a route asks nobody, and no answer says anything of limits")
    func off() throws {
        #expect(
            AccessControl(keys: try #require(APIKeys("")), limiters: RateLimiters(), now: { Self.now }).admission
                .isEmpty
        )
        #expect(RateLimiters().fields == nil)
    }
}
