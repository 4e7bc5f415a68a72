import HTTPServer
import HTTPTypes
import Panal
import Stays
import Testing
import Values

@testable import App

@Suite("Booking by HTTP")
struct BookingRoutesTests {
    private let key: HTTPFields = [HTTPField.Name("Idempotency-Key")!: "once"]
    private let replayed = HTTPField.Name("Idempotency-Replayed")!

    private func moment(_ date: String, secondOfDay: Int64) throws -> Timestamp {
        Timestamp(unixSeconds: Int64(try #require(CivilDate(date)).daysSinceEpoch) * 86_400 + secondOfDay)
    }

    @Test("a repeat after midnight is answered as before; the same wish anew is too late")
    func midnight() throws {
        let service = try SampleService()
        service.set(try moment("2027-01-10", secondOfDay: 86_399))
        let first = try service.book("101", from: "2027-01-10", to: "2027-01-11", key)
        #expect(first.status == .created)
        service.set(try moment("2027-01-11", secondOfDay: 1))
        let again = try service.book("101", from: "2027-01-10", to: "2027-01-11", key)
        #expect(again.status == .created)
        #expect(again.headerFields[replayed] == "true")
        #expect(again.text == first.text)

        for room in ["101", "102"] {
            let late = try service.book(room, from: "2027-01-10", to: "2027-01-11")
            #expect(late.status == .unprocessableContent)
            #expect(late.text.contains(#""field":"from","detail":"must not be before today, 2027-01-11 in UTC""#))
        }
    }

    @Test("the same key under two API keys is two keys; of an open service's clients it is one")
    func scopes() throws {
        let keys = ["first-key-0123456789", "second-key-0123456789"]
        let service = try SampleService(keys: keys)
        for (room, apiKey) in zip(["101", "102"], keys) {
            var fields = key
            fields[.authorization] = "Bearer \(apiKey)"
            for expected in [nil, "true"] {
                let answer = try service.book(room, from: "2027-01-10", to: "2027-01-11", fields)
                #expect(answer.status == .created)
                #expect(answer.headerFields[replayed] == expected)
            }
        }
        let open = try SampleService()
        for (expected, apiKey) in zip([nil, "true", "true"], ["x", "y", nil]) {
            var fields = key
            fields[.authorization] = apiKey.map { "Bearer \($0)" }
            let answer = try open.book("101", from: "2027-01-10", to: "2027-01-11", fields)
            #expect(answer.status == .created)
            #expect(answer.headerFields[replayed] == expected)
        }
    }

    @Test(
        "a body that is no JSON to the letter is 400, though a decoder would take it",
        arguments: [
            #"{"roomId":"101",}"#, #"{"roomId":"101","roomId":"102"}"#, #"{"guest":{"name":"a","n\u0061me":"b"}}"#,
            "\u{FEFF}{}",
            "{\"roomId\":\"1\t01\"}", #"{"guests":02}"#, #"{"x":"\ud800"}"#,
            String(repeating: #"{"x":"#, count: 500) + "1" + String(repeating: "}", count: 500),
        ]
    )
    func strict(json: String) throws {
        let answer = try SampleService().ask(.post, "/v1/bookings", json: json)
        #expect(answer.status == .badRequest)
        #expect(answer.text.contains("The body is not JSON: "))
        #expect(answer.contentType == .problem)
    }

    @Test("a body in UTF-16 or UTF-32 is 400", arguments: [false, true])
    func wide(isUTF32: Bool) throws {
        let json = #"{"roomId":"101"}"#
        let body = json.utf8.flatMap { [$0] + [UInt8](repeating: 0, count: isUTF32 ? 3 : 1) }
        let fields: HTTPFields = [.contentType: "application/json"]
        let request = try Request(.post, "/v1/bookings", headerFields: fields, body: body)
        #expect(try SampleService().router.respond(to: request).status == .badRequest)
    }

    @Test("a body in a content coding is 415, and so is one of another type; each is told what is taken")
    func unsupported() throws {
        let service = try SampleService()
        let coded = try service.ask(.post, "/v1/bookings", [.contentEncoding: "gzip"], json: "{}")
        #expect(coded.status == .unsupportedMediaType)
        #expect(coded.headerFields[.acceptEncoding] == "identity")
        let text = try service.router.respond(
            to: Request(.post, "/v1/bookings", headerFields: [.contentType: "text/plain"], body: Array("{}".utf8))
        )
        #expect(text.status == .unsupportedMediaType)
        #expect(text.headerFields[.accept] == "application/json")
    }

    @Test(
        "a number that is no whole one, or beyond every bound, is a fault of its field",
        arguments: ["1.5", "1e99", "1e999", "-1"]
    )
    func numbers(text: String) throws {
        let answer = try SampleService().ask(.post, "/v1/bookings", json: #"{"guests":\#(text)}"#)
        #expect(answer.status == .unprocessableContent)
        #expect(answer.text.contains(#""field":"guests""#))
    }

    @Test("a name that nobody can see is a fault of its field")
    func invisibleName() throws {
        let json =
            #"{"roomId":"101","from":"2030-01-10","to":"2030-01-12","guests":1,"#
            + #""guest":{"name":"\u3164\u200b","email":"ada@example.org"}}"#
        let answer = try SampleService().ask(.post, "/v1/bookings", json: json)
        #expect(answer.status == .unprocessableContent)
        #expect(answer.text.contains(#""field":"guest.name""#))
    }
}
