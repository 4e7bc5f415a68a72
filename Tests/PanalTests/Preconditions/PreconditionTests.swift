import HTTPServer
import HTTPTypes
import Panal
import Testing
import Values

@Suite("A precondition")
struct PreconditionTests {
    @Test("of a change is what If-Match names")
    func expected() throws {
        #expect(try Request(.delete, "/", headerFields: [.ifMatch: "\"3\", W/\"4\""]).expectedVersion() == .oneOf([3]))
        #expect(try Request(.delete, "/", headerFields: [.ifMatch: "*"]).expectedVersion() == .any)
    }

    @Test("of a change that is not there is 428, a malformed one 400")
    func refused() throws {
        let missing = #expect(throws: Problem.self) { try Request(.delete, "/").expectedVersion() }
        #expect(missing?.status == .preconditionRequired)
        let malformed = #expect(throws: Problem.self) {
            try Request(.delete, "/", headerFields: [.ifMatch: "3"]).expectedVersion()
        }
        #expect(malformed?.status == .badRequest)
    }

    @Test(
        "of a reader who has the version saves making the answer",
        arguments: ["\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"]
    )
    func current(condition: String) throws {
        let request = try Request(.get, "/", headerFields: [.ifNoneMatch: condition])
        let response = request.unlessCurrent(version: 3) {
            Issue.record("the answer was made")
            return .text("3")
        }
        #expect(response.status == .notModified)
        #expect(response.headerFields[.eTag] == "\"3\"")
    }

    @Test(
        "of a reader who has another version, or none that makes sense, gets the answer",
        arguments: [nil, "\"2\"", "3"]
    )
    func changed(condition: String?) throws {
        let request = try Request(.get, "/", headerFields: condition.map { [.ifNoneMatch: $0] } ?? [:])
        let response = request.unlessCurrent(version: 3) { .text("3") }
        #expect(response.status == .ok)
        #expect(response.headerFields[.eTag] == "\"3\"")
    }

    @Test("that does not hold is 412 with the version that is")
    func stale() {
        #expect(Problem.stale(version: 4).status == .preconditionFailed)
        #expect(Problem.stale(version: 4).headerFields[.eTag] == "\"4\"")
    }

    @Test("may name any version or some")
    func versions() {
        #expect(ExpectedVersion.any.includes(7))
        #expect(ExpectedVersion.oneOf([1, 7]).includes(7))
        #expect(!ExpectedVersion.oneOf([1]).includes(7))
        #expect(!ExpectedVersion.oneOf([]).includes(1))
    }
}
