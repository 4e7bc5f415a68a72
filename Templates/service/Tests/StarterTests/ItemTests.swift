import HTTPServer
import HTTPTypes
import PanalTesting
import Testing

@testable import Starter

@Suite("Items")
struct ItemTests {
    private let service: TestService<Starter>
    private let tea =
        #"{"name":"Tea","priceCents":450,"stock":12,"supplier":"tea@example.org","availableFrom":"2030-01-31"}"#

    init() throws { service = try TestService(Starter.self) }

    @Test("what was made is read, listed, changed and removed")
    func life() throws {
        let made = try service.post("/v1/items", json: tea)
        #expect(made.status == .created)
        let path = try #require(made.headerFields[.location])
        #expect(try service.get(path).text == made.text)
        #expect(made.text.hasPrefix(#"{"id":""#))
        #expect(try service.get("/v1/items").text.contains(made.text))

        let changed = try service.put(path, json: tea.replacing("12", with: "11"))
        #expect(changed.status == .ok)
        #expect(try service.get(path).text.contains(#""stock":11"#))

        #expect(try service.delete(path).status == .noContent)
        for answer in [try service.get(path), try service.put(path, json: tea), try service.delete(path)] {
            #expect(answer.status == .notFound)
        }
    }

    @Test("everything that is wrong is said at once")
    func faults() throws {
        let answer = try service.post(
            "/v1/items",
            json: #"{"name":"","priceCents":-1,"stock":"many","supplier":"nobody"}"#
        )
        #expect(answer.status == .unprocessableContent)
        for field in ["name", "priceCents", "stock", "supplier"] {
            #expect(answer.text.contains(#""field":"\#(field)""#), "\(answer.text)")
        }
    }

    @Test("every route says what it takes and answers")
    func contract() { #expect(service.undeclaredRoutes == []) }
}
