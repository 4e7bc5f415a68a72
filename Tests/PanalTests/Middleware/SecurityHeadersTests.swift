import HTTPServer
import HTTPTypes
import Panal
import Testing

@Suite("Security headers")
struct SecurityHeadersTests {
    private func answer(_ headers: SecurityHeaders, _ path: String) throws -> Response {
        var router = Router()
        router.use(headers.middleware)
        router.get("/") { _ in .text("hello") }
        router.get("/page") { _ in
            var response = Response.text("hello")
            response.headerFields[.contentSecurityPolicy] = "default-src 'self'"
            return response
        }
        return router.respond(to: try Request(.get, path))
    }

    @Test("are on every answer, a 404 too", arguments: ["/", "/nowhere"])
    func all(path: String) throws {
        let fields = try answer(SecurityHeaders(), path).headerFields
        #expect(fields[.xContentTypeOptions] == "nosniff")
        #expect(fields[.contentSecurityPolicy] == "default-src 'none'; frame-ancestors 'none'")
        #expect(fields[HTTPField.Name("Referrer-Policy")!] == "no-referrer")
        #expect(fields[HTTPField.Name("X-Frame-Options")!] == "DENY")
        #expect(fields[.strictTransportSecurity] == nil)
    }

    @Test("leave alone what a handler has set")
    func own() throws {
        let fields = try answer(SecurityHeaders(), "/page").headerFields
        #expect(fields[values: .contentSecurityPolicy] == ["default-src 'self'"])
    }

    @Test("promise HTTPS where it is said")
    func transport() throws {
        let headers = SecurityHeaders(strictTransportSecurity: .seconds(86_400))
        #expect(try answer(headers, "/").headerFields[.strictTransportSecurity] == "max-age=86400")
    }
}
