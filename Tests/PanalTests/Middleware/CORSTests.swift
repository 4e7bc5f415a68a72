import HTTPServer
import HTTPTypes
import Panal
import Testing

@Suite("CORS")
struct CORSTests {
    private func router(_ cors: CORS) -> Router {
        var router = Router()
        router.use(cors.middleware)
        router.get("/rooms") { _ in
            var response = Response.text("rooms")
            response.headerFields[.vary] = "Accept"
            return response
        }
        router.post("/rooms") { _ in throw Problem(.conflict) }
        return router
    }

    private func answer(
        _ cors: CORS,
        _ method: HTTPRequest.Method = .get,
        _ path: String = "/rooms",
        origin: String? = "https://app.example",
        preflight: String? = nil
    ) throws -> Response {
        var fields = HTTPFields()
        fields[.origin] = origin
        fields[.accessControlRequestMethod] = preflight
        return router(cors).respond(to: try Request(method, path, headerFields: fields))
    }

    private let some = CORS(origins: .only(["https://app.example"]))

    @Test("answers a preflight request of an allowed origin, for whatever path, and no handler hears of it")
    func preflight() throws {
        let response = try answer(some, .options, preflight: "DELETE")
        #expect(response.status == .noContent)
        let fields = response.headerFields
        #expect(fields[.accessControlAllowOrigin] == "https://app.example")
        #expect(fields[.accessControlAllowMethods] == "GET, HEAD, POST, PUT, PATCH, DELETE")
        #expect(fields[.accessControlAllowHeaders]?.contains("Idempotency-Key") == true)
        #expect(fields[.accessControlMaxAge] == "600")
        #expect(fields[.accessControlAllowCredentials] == nil)
        #expect(fields[.vary] == "Origin")
        #expect(try answer(some, .options, "/nowhere", preflight: "GET").status == .noContent)
    }

    @Test(
        "marks every answer to an allowed origin, refusals included",
        arguments: [(.get, "/rooms", 200), (.post, "/rooms", 409), (.delete, "/rooms", 405), (.get, "/nowhere", 404)]
            as [(HTTPRequest.Method, String, Int)]
    )
    func marks(method: HTTPRequest.Method, path: String, status: Int) throws {
        let response = try answer(some, method, path)
        #expect(response.status.code == status)
        #expect(response.headerFields[.accessControlAllowOrigin] == "https://app.example")
        #expect(response.headerFields[.accessControlExposeHeaders]?.contains("ETag") == true)
        #expect(response.headerFields[.vary]?.hasSuffix("Origin") == true)
    }

    @Test("does not mark answers to others, and leaves their OPTIONS to the router")
    func others() throws {
        for origin in ["https://evil.example", "https://app.example.evil", "null", nil] {
            let response = try answer(some, origin: origin)
            #expect(response.status == .ok)
            #expect(response.headerFields[.accessControlAllowOrigin] == nil)
            #expect(response.headerFields[.vary] == "Accept, Origin")
            let preflight = try answer(some, .options, origin: origin, preflight: "GET")
            #expect(preflight.headerFields[.accessControlAllowOrigin] == nil)
            #expect(preflight.headerFields[.allow] != nil)
        }
        #expect(try answer(some, .options).headerFields[.allow] != nil)
    }

    @Test("for anybody allows no credentials and needs no Vary")
    func anybody() throws {
        let response = try answer(CORS(origins: .any))
        #expect(response.headerFields[.accessControlAllowOrigin] == "*")
        #expect(response.headerFields[.accessControlAllowCredentials] == nil)
        #expect(response.headerFields[.vary] == "Accept")
        #expect(try answer(CORS(origins: .any), origin: nil).headerFields[.accessControlAllowOrigin] == nil)
    }

    @Test("allows credentials where it is said")
    func credentials() throws {
        let cors = CORS(origins: .only(["https://app.example"], credentials: true))
        #expect(try answer(cors).headerFields[.accessControlAllowCredentials] == "true")
        #expect(try answer(cors, origin: "https://evil.example").headerFields[.accessControlAllowCredentials] == nil)
    }
}
