import HTTPServer
import HTTPTypes
import Panal
import Testing
import Values

@Suite("An idempotency key in a request")
struct IdempotencyKeyTests {
    private func key(_ text: String?) throws -> IdempotencyKey? {
        var fields = HTTPFields()
        if let text { fields.append(HTTPField(name: HTTPField.Name("Idempotency-Key")!, value: text)) }
        return try Request(.post, "/", headerFields: fields).idempotencyKey()
    }

    @Test("is there or not")
    func there() throws {
        #expect(try key(nil) == nil)
        #expect(try key("a-1") == IdempotencyKey("a-1"))
        #expect(try key(String(repeating: "k", count: 255)) != nil)
    }

    @Test("that is none is 400", arguments: ["a b", "é", String(repeating: "k", count: 256)])
    func malformed(text: String) {
        let problem = #expect(throws: Problem.self) { try key(text) }
        #expect(problem?.status == .badRequest)
    }

    @Test("that came before marks the answer as a replay")
    func replayed() {
        #expect(Response.text("x").markedAsReplayed().headerFields[HTTPField.Name("Idempotency-Replayed")!] == "true")
    }
}
