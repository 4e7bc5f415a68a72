import HTTPTypes
import Testing

@testable import HTTPServer

@Suite("A JSON body")
struct JSONBodyTests {
    private func problem(_ fields: HTTPFields, _ body: String = "{}") throws -> Problem? {
        let request = try Request(.post, "/", headerFields: fields, body: Array(body.utf8))
        do throws(Problem) {
            #expect(try request.jsonBody() == Array(body.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test(
        "is declared as application/json, whatever charset is named: it is UTF-8",
        arguments: [
            "application/json", "Application/JSON", "application/json; charset=utf-8",
            "application/json;charset=iso-8859-1",
            "application/json ; x=\"y\"",
        ]
    )
    func declared(type: String) throws {
        #expect(try problem([.contentType: type], #"{"é":1}"#) == nil)
    }

    @Test(
        "of another type is 415 and told what is taken",
        arguments: [
            nil, "text/plain", "application/jsonp", "application/json x", "application/problem+json", "json",
            "text/json, application/json",
        ]
    )
    func otherType(type: String?) throws {
        let problem = try #require(try problem(type.map { [.contentType: $0] } ?? [:]))
        #expect(problem.status == .unsupportedMediaType)
        #expect(problem.headerFields[.accept] == "application/json")
        #expect(problem.headerFields[.acceptEncoding] == nil)
    }

    @Test(
        "in a content coding is 415 and told that none is taken",
        arguments: ["gzip", "br", "identity, gzip", "GZIP", "x"]
    )
    func coded(coding: String) throws {
        let problem = try #require(try problem([.contentType: "application/json", .contentEncoding: coding]))
        #expect(problem.status == .unsupportedMediaType)
        #expect(problem.headerFields[.acceptEncoding] == "identity")
        #expect(problem.headerFields[.accept] == nil)
    }

    @Test("may say that it is not coded", arguments: ["identity", "Identity", "identity, identity", ""])
    func identity(coding: String) throws {
        #expect(try problem([.contentType: "application/json", .contentEncoding: coding]) == nil)
    }

    @Test("that is no JSON is 400, and told where it ends, not what it was")
    func malformed() throws {
        let problem = try #require(try problem([.contentType: "application/json"], #"{"secret":1,}"#))
        #expect(problem.status == .badRequest)
        #expect(problem.detail == "The body is not JSON: a member's name in quotes is expected, at byte 12.")
    }
}
