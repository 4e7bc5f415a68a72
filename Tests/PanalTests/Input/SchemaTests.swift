import Testing
import Values

@testable import Panal

@Suite("A schema")
struct SchemaTests {
    @Test("is read from the declaration that decodes: names, kinds, rules, bounds, what may be left out")
    func order() throws {
        let properties = Schema(of: NewOrder.self).properties
        #expect(
            properties.map(\.name) == [
                "buyer", "items", "priority", "price", "express", "note", "from", "to", "tags",
            ]
        )
        #expect(properties.filter { !$0.isRequired }.map(\.name) == ["note", "tags"])
        let schemas = Dictionary(properties.map { ($0.name, $0.schema) }) { first, _ in first }

        let buyer = try #require(schemas["buyer"]).properties
        #expect(buyer.map(\.name) == ["name", "email"])
        #expect(buyer[1].schema.kind == .string)
        #expect(buyer[1].schema.constraints.format == "email")
        #expect(buyer[1].schema.example == "\"ada@example.org\"")

        guard case .array(let item)? = schemas["items"]?.kind else { throw NoArray() }
        #expect(item.properties.map(\.name) == ["sku", "count", "weight", "from", "to"])
        #expect(item.properties[1].schema.kind == .integer)
        #expect(item.properties[1].schema.constraints == Constraints(minimum: 1, maximum: 20))
        #expect(item.properties[1].schema.expectation == "must be a whole number from 1 to 20")
        #expect(item.properties[2].schema.kind == .number)

        #expect(schemas["priority"]?.choices == ["low", "high"])
        #expect(schemas["price"]?.properties.map(\.name) == ["amount", "currency"])
        #expect(schemas["price"]?.example == #"{"amount":"12.50","currency":"EUR"}"#)
        #expect(schemas["express"]?.kind == .boolean)
        #expect(schemas["from"]?.constraints.format == "date")

        guard case .array(let tag)? = schemas["tags"]?.kind else { throw NoArray() }
        #expect(tag.constraints.maxLength == 10)
        #expect(schemas["tags"]?.constraints == Constraints(minItems: 1, maxItems: 3))
    }

    private struct NoArray: Error {}

    @Test("of a type that holds itself comes to an end")
    func recursive() {
        struct Node: Codable {
            let name: String
            let children: [Node]
        }
        #expect(Schema(of: Node.self).properties.map(\.name) == ["name", "children"])
    }

    @Test("of what nothing is known says so")
    func unknown() {
        struct Anything: Codable {
            init(from decoder: any Decoder) throws {}
            func encode(to encoder: any Encoder) throws {}
        }
        #expect(Schema(of: Anything.self).kind == .any)
        #expect(Schema(of: Int?.self).kind == .integer)
    }
}
