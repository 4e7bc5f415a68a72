import Foundation
import HTTPServer
import HTTPTypes
import Testing
import Values

@testable import Panal

@Suite("A value as JSON")
struct JSONOutputTests {
    private func json(_ value: some Encodable) throws -> String { try Response.json(value).text }

    @Test("has its members in the order of the declaration, and reads back")
    func order() throws {
        let order = try Request.json(JSONInputTests.good).json(as: NewOrder.self)
        let text = try json(order)
        #expect(
            text == """
                {"buyer":{"name":"Ada","email":"ada@example.org"},"items":[{"sku":"bee","count":2,"weight":1.5},\
                {"sku":"wax","count":2}],"priority":"high","price":{"amount":"12.50","currency":"EUR"},"express":true,\
                "from":"2027-01-10","to":"2027-01-12","tags":["a"]}
                """
        )
        #expect(try Request.json(text).json(as: NewOrder.self) == order)
        #expect(try JSONDecoder().decode(NewOrder.self, from: Data(text.utf8)) == order)
    }

    @Test("is application/json with the status asked for")
    func response() throws {
        let response = try Response.json(["a": 1], status: .created)
        #expect(response.status == .created)
        #expect(response.contentType == .json)
        #expect(response.text == #"{"a":1}"#)
    }

    @Test("escapes what JSON asks for and no slash")
    func escapes() throws {
        #expect(try json(["a/b", "\"\\\n\u{1}é"]) == #"["a/b","\"\\\n\u0001é"]"#)
        #expect(try json(["a\"b": 1]) == #"{"a\"b":1}"#)
    }

    @Test("writes every number, null, and nothing as an empty object")
    func scalars() throws {
        #expect(try json([UInt64.max]) == "[18446744073709551615]")
        #expect(try json([Int8.min]) == "[-128]")
        #expect(try json([0.1, -5e-300, 1e300]) == "[0.1,-5e-300,1e+300]")
        #expect(try json([Int?.none, 1]) == "[null,1]")
        #expect(try json(String?.none) == "null")
        #expect(try json([[Int]]()) == "[]")
        struct Nothing: Encodable { func encode(to encoder: any Encoder) throws {} }
        #expect(try json([Nothing(), Nothing()]) == "[{},{}]")
        #expect(throws: EncodingError.self) { try json([Double.nan]) }
    }

    @Test("is what the containers of a hand-written encoding say, base classes included")
    func byHand() throws {
        class Base: Encodable {
            let a = 1
        }
        final class Derived: Base {
            override func encode(to encoder: any Encoder) throws {
                try super.encode(to: encoder)
                var members = encoder.container(keyedBy: AnyCodingKey.self)
                var nested = members.nestedContainer(keyedBy: AnyCodingKey.self, forKey: AnyCodingKey(stringValue: "n"))
                try nested.encode(2, forKey: AnyCodingKey(stringValue: "b"))
                var list = nested.nestedUnkeyedContainer(forKey: AnyCodingKey(stringValue: "l"))
                try list.encode("x")
                var inner = list.nestedUnkeyedContainer()
                try inner.encode(true)
                try list.encodeNil()
                #expect(list.count == 3)
                try members.encodeNil(forKey: AnyCodingKey(stringValue: "z"))
                #expect(throws: EncodingError.self) { try inner.encode(false) }
            }
        }
        #expect(try json([Derived(), Base()]) == #"[{"a":1,"n":{"b":2,"l":["x",[true],null]},"z":null},{"a":1}]"#)
    }
}
