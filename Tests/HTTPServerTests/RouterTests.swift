import HTTPTypes
import Testing

@testable import HTTPServer

@Suite("The router")
struct RouterTests {
    private let router: Router = {
        var router = Router()
        let answer: Handler = { request in
            let id = request.parameters["id"] ?? "-"
            return .text("\(request.method) \(request.route ?? "-") \(id) \(request.parameters["night"] ?? "-")")
        }
        router.get("/", use: answer)
        router.get("/rooms", use: answer)
        router.post("/rooms", use: answer)
        router.get("/rooms/{id}", use: answer)
        router.get("/rooms/free", use: answer)
        router.get("/rooms/{id}/nights/{night}", use: answer)
        router.get("/rooms/free/beds", use: answer)
        router.on(.head, "/head", use: answer)
        router.delete("/rooms/{id}", use: answer)
        return router
    }()

    private func answer(_ method: HTTPRequest.Method, _ target: String) throws -> (Int, String, HTTPFields) {
        let response = router.respond(to: try Request(method, target))
        guard case .string(let text) = response.body else { return (response.status.code, "", response.headerFields) }
        return (response.status.code, text, response.headerFields)
    }

    @Test(
        "finds the route, literal segments before parameters",
        arguments: [
            ("/", "GET / - -"), ("/rooms", "GET /rooms - -"), ("/rooms/7", "GET /rooms/{id} 7 -"),
            ("/rooms/free", "GET /rooms/free - -"), ("/rooms/free/beds", "GET /rooms/free/beds - -"),
            ("/rooms/free/nights/3", "GET /rooms/{id}/nights/{night} free 3"),
            ("/rooms/a%20b", "GET /rooms/{id} a b -"), ("/r%6Foms?x=1", "GET /rooms - -"),
        ]
    )
    func found(target: String, expected: String) throws {
        let (status, text, _) = try answer(.get, target)
        #expect(status == 200)
        #expect(text == expected)
    }

    @Test(
        "answers 404 to paths it does not know",
        arguments: [
            "/x", "/rooms/", "//", "/rooms//", "//rooms", "/rooms/7/", "/rooms/7/nights", "/Rooms",
            "/rooms/7/nights/1/2",
        ]
    )
    func notFound(target: String) throws { #expect(try answer(.get, target).0 == 404) }

    @Test("answers 405 with the methods there are")
    func methodNotAllowed() throws {
        let (status, _, fields) = try answer(.put, "/rooms")
        #expect(status == 405)
        #expect(fields[.allow] == "GET, HEAD, POST, OPTIONS")
        #expect(try answer(.trace, "/rooms/1").2[.allow] == "GET, HEAD, DELETE, OPTIONS")
        #expect(try answer(.get, "/head").0 == 405)
    }

    @Test("answers HEAD by the GET route, and OPTIONS by itself")
    func automatic() throws {
        #expect(try answer(.head, "/rooms").1 == "HEAD /rooms - -")
        #expect(try answer(.head, "/head").1 == "HEAD /head - -")
        let (status, _, fields) = try answer(.options, "/rooms/1")
        #expect(status == 204)
        #expect(fields[.allow] == "GET, HEAD, DELETE, OPTIONS")
        #expect(try answer(.options, "*").2[.allow] == "GET, HEAD, POST, DELETE, OPTIONS")
    }

    @Test("wraps routes in the middleware used before them, the first outermost")
    func middleware() throws {
        func mark(_ name: String) -> Middleware {
            { next in
                { request in
                    var response = try next(request)
                    if case .string(let text) = response.body { response.body = .string("\(name)(\(text))") }
                    return response
                }
            }
        }
        var router = Router()
        router.get("/before") { _ in .text(String("x")) }
        router.use(mark("a"))
        router.group("/g", use: [mark("b")]) { group in
            group.use(mark("c"))
            group.get("/in") { _ in .text(String("x")) }
            group.group { inner in inner.get("/deep") { _ in .text(String("y")) } }
        }
        router.get("/after") { _ in .text(String("x")) }
        func text(_ target: String) throws -> String {
            guard case .string(let text) = router.respond(to: try Request(.get, target)).body else { return "" }
            return text
        }
        #expect(try text("/before") == "x")
        #expect(try text("/g/in") == "a(b(c(x)))")
        #expect(try text("/g/deep") == "a(b(c(y)))")
        #expect(try text("/after") == "a(x)")
        #expect(
            router.routes.map { "\($0.method) \($0.pattern)" } == [
                "GET /before", "GET /g/in", "GET /g/deep", "GET /after",
            ]
        )
    }

    @Test("renders what a handler throws")
    func errors() throws {
        struct Secret: Error {}
        var router = Router()
        router.get("/problem") { _ in throw Problem(.conflict, type: "/problems/taken", detail: "Taken.") }
        router.get("/error") { _ in throw Secret() }
        router.get("/status") { _ in .status(.continue) }
        func document(_ target: String) throws -> (Int, String) {
            let response = router.respond(to: try Request(.get, target))
            #expect(response.contentType == .problem)
            guard case .bytes(let bytes) = response.body else { return (0, "") }
            return (response.status.code, String(decoding: bytes, as: UTF8.self))
        }
        #expect(try document("/problem").0 == 409)
        #expect(try document("/problem").1.contains("\"detail\":\"Taken.\""))
        #expect(try document("/error").0 == 500)
        #expect(try !document("/error").1.contains("Secret"))
        #expect(try document("/status").0 == 500)
    }

    @Test("stops the program at a pattern that can match nothing, and at a route that is there already")
    func badRoutes() async {
        await #expect(processExitsWith: .failure) { _ = Route.segments(of: "rooms") }
        await #expect(processExitsWith: .failure) { _ = Route.segments(of: "/rooms/") }
        await #expect(processExitsWith: .failure) { _ = Route.segments(of: "/{}") }
        await #expect(processExitsWith: .failure) { _ = Route.segments(of: "/{a") }
        await #expect(processExitsWith: .failure) {
            var router = Router()
            router.get("/{a}") { _ in .noContent }
            router.get("/{b}") { _ in .noContent }
        }
    }
}
