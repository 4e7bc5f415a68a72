import HTTPServer
import HTTPTypes
import Logging
import SQL
import Testing
import Values

@testable import Panal

@Suite("What every service answers")
struct ServiceRoutesTests {
    /// A service without data, with a kind of problem of its own, a guarded route, and middleware.
    private struct Greeter: Service {
        static let info = ServiceInfo(
            name: "greeter",
            summary: "Greets.",
            revision: "abc",
            date: "2026-01-01T00:00:00Z"
        )
        static let problems = [ProblemKind("too-early", .conflict, "It is too early", "Come back later.")]

        static func addRoutes(to router: inout Router, _ dependencies: Dependencies<NoSettings>) {
            router.use { next in
                { request in
                    var response = try next(request)
                    response.headerFields[.server] = "greeter"
                    return response
                }
            }
            router.group("/v1") { v1 in
                v1.get("/hello") { request in
                    .text("hello, \(request[Caller.self]?.name ?? "stranger")\n" as String)
                }
                v1.post("/hello") { _ in .noContent }
                v1.get("/early") { _ in throw Greeter.problems[0].problem("It is 5 o'clock.") }
            }
        }
    }

    private func router(_ variables: [String: String] = [:], isLeaving: Bool = false) throws -> Router {
        Greeter.router(
            Dependencies<NoSettings>(
                settings: try Greeter.settings(variables),
                databases: nil,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                isLeaving: { isLeaving }
            )
        )
    }

    private func ask(_ router: Router, _ path: String, _ fields: HTTPFields = [:]) throws -> (Int, String, Response) {
        let response = router.respond(to: try Request(.get, path, headerFields: fields))
        let text =
            switch response.body {
            case .empty: ""
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .string(let text): text
            case .static(let text): text.description
            case .stream: ""
            }
        return (response.status.code, text, response)
    }

    private static let key = "first-key-0123456789"
    private static let otherKey = "second-key-0123456789"

    /// Two that may read.
    private static func entries() throws -> String {
        try [("first", key), ("second", otherKey)].map { name, key in
            try #require(APIKey(key, name: name, scopes: [.read])).entry
        }.joined(separator: ",")
    }

    @Test("health needs no store: a service without data is ready until it leaves")
    func health() throws {
        #expect(try ask(router(), "/livez").0 == 200)
        #expect(try ask(router(), "/readyz").1 == #"{"ready":true}"#)
        let leaving = try ask(router(isLeaving: true), "/readyz")
        #expect(leaving.0 == 503)
        #expect(leaving.1 == #"{"ready":false,"reasons":["the service is about to stop"]}"#)
        #expect(try ask(router(isLeaving: true), "/livez").0 == 200, "liveness does not care")
    }

    @Test("readiness says no with every reason, in general terms")
    func unready() throws {
        let answer = try Response.readiness(
            .unready(.unavailable(reason: "secret/path", remedy: "secret")),
            isLeaving: true
        )
        #expect(answer.status == .serviceUnavailable)
        guard case .bytes(let bytes) = answer.body else { return #expect(Bool(false), "a body of bytes") }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"ready":false,"reasons":["the service is about to stop","the store cannot be reached"]}"#
        )
    }

    @Test("a store that can only be read is a warning: without any instance nobody could even read")
    func readable() throws {
        let answer = try Response.readiness(.readable(obstacle: .full("secret")), isLeaving: false)
        #expect(answer.status == .ok)
        guard case .bytes(let bytes) = answer.body else { return #expect(Bool(false), "a body of bytes") }
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"ready":true,"warnings":["the store is full"]}"#)
    }

    @Test("every kind of problem is explained at its address, the service's own too")
    func problems() throws {
        for kind in ProblemKind.common + Greeter.problems {
            let answer = try ask(router(), kind.problem().type)
            #expect(answer.0 == 200)
            #expect(answer.1.contains(kind.explanation))
        }
        #expect(try ask(router(), "/problems/none").0 == 404)
        let early = try ask(router(), "/v1/early")
        #expect(early.0 == 409)
        #expect(
            early.1.contains(
                #""type":"/problems/too-early","title":"It is too early","status":409,"detail":"It is 5 o'clock.""#
            )
        )
    }

    @Test("the index lists every other route")
    func index() throws {
        let index = try ask(router(), "/").1
        #expect(index.hasPrefix("greeter\n"))
        for route in try router().routes where route.pattern != "/" {
            #expect(index.contains("\(route.method.rawValue) \(route.pattern)\n"))
        }
    }

    @Test(
        "the service's middleware wraps what it did not write, too",
        arguments: ["/livez", "/", "/problems/stale", "/nowhere"]
    )
    func middleware(path: String) throws {
        #expect(try ask(router(), path).2.headerFields[.server] == "greeter")
    }

    @Test("without keys the API is open; with keys it asks for one, and the handler knows who came")
    func keys() throws {
        #expect(try ask(router(), "/v1/hello").1 == "hello, stranger\n")
        #expect(try ask(router(["API_KEYS": "open"]), "/v1/hello").1 == "hello, stranger\n")
        let closed = try router(["API_KEYS": Self.entries()])
        let stranger = try ask(closed, "/v1/hello")
        #expect(stranger.0 == 401)
        #expect(stranger.2.headerFields[.wwwAuthenticate] == "Bearer")
        #expect(try ask(closed, "/v1/hello", [.authorization: "Bearer \(Self.key)"]).1 == "hello, first\n")
        #expect(try ask(closed, "/v1/hello", [.authorization: "bearer  \(Self.otherKey)"]).1 == "hello, second\n")
    }

    @Test(
        "an almost right key is none",
        arguments: [
            "", "Bearer", "Bearer ", "Bearer unknown-key-0123456789", "Bearer \(key)x", "Bearer x\(key)",
            "Bearer \(key.dropLast())", "Bearer\(key)", "Bearer\t\(key)", "Bearer=\(key)", key, "Basic \(key)",
            "Bearer \(key), Bearer \(otherKey)", "Bearer \(key) \(otherKey)", "Bearer \"\(key)\"",
            "Bearer \(key.uppercased())",
        ]
    )
    func almost(authorization: String) throws {
        let closed = try router(["API_KEYS": Self.entries()])
        let answer = try ask(closed, "/v1/hello", [.authorization: authorization])
        #expect(answer.0 == 401)
        #expect(answer.2.headerFields[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
        #expect(answer.2.contentType == .problem)
    }

    @Test(
        "an error of the database is an honest status, and its cause stays out of the answer",
        arguments: [
            (DatabaseError.busy(retryAfter: .seconds(3)), 503, "3"),
            (.unavailable(reason: "secret/path", remedy: "secret"), 503, "5"), (.unprepared("secret"), 503, "5"),
            (.full("secret"), 503, "60"), (.readOnly("secret"), 503, "60"), (.corrupted("secret"), 500, nil),
            (.failed("secret"), 500, nil),
        ] as [(DatabaseError, Int, String?)]
    )
    func databaseError(error: DatabaseError, status: Int, retryAfter: String?) {
        let problem = error.problem
        #expect(problem.status.code == status)
        #expect(problem.headerFields[.retryAfter] == retryAfter)
        #expect(!"\(problem)".contains("secret"))
    }
}
