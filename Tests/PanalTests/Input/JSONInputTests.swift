import Foundation
import HTTPServer
import HTTPTypes
import Testing
import Values

@testable import Panal

/// Something that is ordered.
enum Article {}

struct NewOrder: Codable, Equatable, CrossChecked {
    enum Priority: String, Codable, CaseIterable { case low, high }

    struct Buyer: Codable, Equatable {
        let name: Text<100>
        let email: EmailAddress
    }

    struct Item: Codable, Equatable, CrossChecked {
        let sku: Slug<Article>
        let count: WholeNumber<1, 20>
        let weight: Double?
        let from: CivilDate?
        let to: CivilDate?

        func check(_ validator: inout Validator) {
            guard let from, let to else { return }
            validator.require(to > from, "to", "must be after from", given: "from")
        }
    }

    let buyer: Buyer
    let items: [Item]
    let priority: Priority
    let price: Money
    let express: Bool
    let note: MultilineText<500>?
    let from: CivilDate
    let to: CivilDate
    let tags: BoundedArray<Text<10>, 1, 3>?

    func check(_ validator: inout Validator) {
        validator.require(to > from, "to", "must be after from", given: "from")
    }
}

@Suite("A body as a value")
struct JSONInputTests {
    static let good = """
        {"buyer":{"name":"Ada","email":"ada@example.org"},
        "items":[{"sku":"bee","count":2,"weight":1.5e0},{"sku":"wax","count":2.0}],"priority":"high",
        "price":{"amount":"12.5","currency":"EUR"},"express":true,"note":null,"from":"2027-01-10","to":"2027-01-12",
        "extra":[{}],"tags":["a"]}
        """

    private func order(_ json: String) throws -> NewOrder { try Request.json(json).json(as: NewOrder.self) }

    private func faults(_ json: String) -> [String] { PanalTests.faults { _ = try order(json) } }

    private func changed(_ old: String, _ new: String) -> String {
        let changed = Self.good.replacingOccurrences(of: old, with: new)
        #expect(changed != Self.good)
        return changed
    }

    @Test("is read whole, and unknown members are ignored")
    func good() throws {
        let order = try order(Self.good)
        #expect(order.buyer.name.text == "Ada")
        #expect(order.items.map(\.count.value) == [2, 2])
        #expect(order.items[0].weight == 1.5)
        #expect(order.priority == .high)
        #expect(order.price == Money(minorUnits: 1_250, currency: .euro))
        #expect(order.note == nil)
        #expect(order.tags?.map(\.text) == ["a"])
    }

    @Test("with nothing in it names every field that must be there, by its path")
    func empty() {
        #expect(
            faults("{}") == [
                "buyer.name is missing; it must be 1 to 100 characters on one line, one of them visible",
                "buyer.email is missing; it must be an e-mail address such as ada@example.org",
                "items is missing; it must be an array",
                "priority is missing; it must be one of low, high",
                "price.amount is missing; it must be a string",
                "price.currency is missing; it must be the code of a currency, such as EUR",
                "express is missing; it must be true or false",
                "from is missing; it must be a date of the calendar, written YYYY-MM-DD",
                "to is missing; it must be a date of the calendar, written YYYY-MM-DD",
            ]
        )
    }

    @Test("with null in place of what must be there is as if it were not there")
    func null() {
        #expect(faults(changed("\"high\"", "null")) == ["priority is missing; it must be one of low, high"])
        #expect(faults(changed("[\"a\"]", "null")) == [])
        #expect(
            faults(changed("\"2027-01-10\"", "null"))
                == ["from is missing; it must be a date of the calendar, written YYYY-MM-DD"]
        )
    }

    @Test("with everything of the wrong kind names every field and its kind")
    func kinds() {
        let json = """
            {"buyer":"Ada","items":{},"priority":1,"price":12.5,"express":"yes","note":[],"from":20270110,"to":true,
            "tags":{"0":"a"}}
            """
        #expect(
            faults(json) == [
                "buyer must be an object with name and email", "items must be an array", "priority must be a string",
                "price must be an object with amount and currency", "express must be true or false",
                "note must be a string", "from must be a string", "to must be a string", "tags must be an array",
            ]
        )
    }

    @Test("with every rule broken names every field and its rule, and nothing that was sent")
    func rules() {
        let json = """
            {"buyer":{"name":"\\u200b","email":"<script>"},
            "items":[{"sku":"bee","count":1},{"sku":"<script>","count":21},7,{"count":1.5}],"priority":"<script>",
            "price":{"amount":"12.555","currency":"EUR"},"express":false,"note":" ","from":"2027-02-30","to":"2027-01-01",
            "tags":[]}
            """
        #expect(
            faults(json) == [
                "buyer.name must be 1 to 100 characters on one line, one of them visible",
                "buyer.email must be an e-mail address such as ada@example.org",
                "items[1].sku must be the id of an article", "items[1].count must be a whole number from 1 to 20",
                "items[2] must be an object with sku and count",
                "items[3].sku is missing; it must be the id of an article", "items[3].count must be a whole number",
                "priority must be one of low, high",
                "price must be an amount in decimal such as 12.50, with no more decimal places than its currency has",
                "note must be 1 to 500 characters, one of them visible",
                "from must be a date of the calendar, written YYYY-MM-DD", "tags must be an array of 1 to 3 elements",
            ]
        )
    }

    @Test("breaks rules of several fields too, which are named in the order of the fields")
    func cross() {
        let json = changed("\"to\":\"2027-01-12\"", "\"to\":\"2027-01-10\"").replacingOccurrences(
            of: "[\"a\"]",
            with: "[]"
        )
        #expect(faults(json) == ["to must be after from", "tags must be an array of 1 to 3 elements"])
        let nested = changed(#""sku":"wax","#, #""sku":"wax","from":"2027-01-02","to":"2027-01-02","#)
            .replacingOccurrences(of: "\"Ada\"", with: "7").replacingOccurrences(of: "true", with: "0")
        #expect(
            faults(nested) == [
                "buyer.name must be a string", "items[1].to must be after from", "express must be true or false",
            ]
        )
    }

    @Test("is not asked for rules of several fields where one of them is faulty already")
    func crossSkipped() {
        #expect(
            faults(changed("\"from\":\"2027-01-10\"", "\"from\":\"soon\"")) == [
                "from must be a date of the calendar, written YYYY-MM-DD"
            ]
        )
    }

    @Test("is asked for what the handler has to add, with the other faults")
    func checking() {
        let json = changed("true", "1")
        let faults = PanalTests.faults {
            _ = try Request.json(json).json(as: NewOrder.self) { order, validator in
                validator.require(order.buyer.name.text != "Ada", "buyer.name", "must be another one")
                validator.require(false, "express", "must be slow")
            }
        }
        #expect(faults == ["buyer.name must be another one", "express must be true or false"])
    }

    @Test(
        "that is no object is 400",
        arguments: ["null", "[]", "7", "\"{}\"", "true", "[{}]"]
    )
    func noObject(json: String) throws {
        let problem = #expect(throws: Problem.self) { _ = try order(json) }
        #expect(problem?.status == .badRequest)
        #expect(problem?.detail == "The body is not a JSON object.")
    }

    @Test("that is no array where one is expected is 400")
    func noArray() throws {
        let problem = #expect(throws: Problem.self) { _ = try Request.json("{}").json(as: [Int].self) }
        #expect(problem?.detail == "The body must be an array.")
        #expect(
            PanalTests.faults { _ = try Request.json("[1,\"2\",3]").json(as: [Int].self) } == [
                "[1] must be a whole number"
            ]
        )
    }

    @Test("that is no JSON, or not declared as JSON, is refused as before")
    func syntax() throws {
        let malformed = #expect(throws: Problem.self) { _ = try order("{") }
        #expect(malformed?.status == .badRequest)
        let undeclared = #expect(throws: Problem.self) { _ = try Request(.post, "/").json(as: NewOrder.self) }
        #expect(undeclared?.status == .unsupportedMediaType)
    }

    @Test("of a hundred thousand faults is refused with the first hundred")
    func bounded() {
        let json = "[" + Array(repeating: "0", count: 100_000).joined(separator: ",") + "]"
        let faults = PanalTests.faults { _ = try Request.json(json).json(as: [String].self) }
        #expect(faults.count == 100)
        #expect(faults.last == "[99] must be a string")
    }

    @Test("may have as many members as it likes: each is found at once")
    func manyMembers() throws {
        let members = (0..<50_000).map { "\"m\($0)\":\($0)" }.joined(separator: ",")
        let all = try Request.json("{\(members)}").json(as: [String: Int].self)
        #expect(all.count == 50_000)
        #expect(all["m49999"] == 49_999)
    }

    @Test("ends at a type for which nothing can stand in, with all faults so far")
    func noStandIn() {
        enum Color: String, Codable { case red }
        struct Paint: Codable {
            let name: Text<10>
            let color: Color
            let gloss: Bool
        }
        #expect(
            PanalTests.faults { _ = try Request.json(#"{"name":"","color":"blue","gloss":7}"#).json(as: Paint.self) }
                == [
                    "name must be 1 to 10 characters on one line, one of them visible",
                    "color must be a value that is known here",
                ]
        )
    }

    @Test("of a type that holds itself is read, and its faults are named")
    func recursive() throws {
        struct Node: Codable {
            let name: Text<10>
            let children: [Node]
        }
        let json = #"{"name":"a","children":[{"name":"b","children":[{"name":7,"children":{}}]},4]}"#
        #expect(
            PanalTests.faults { _ = try Request.json(json).json(as: Node.self) } == [
                "children[0].children[0].name must be a string", "children[0].children[0].children must be an array",
                "children[1] must be an object with name and children",
            ]
        )
    }

    @Test("whose members may all be left out must be there itself")
    func allOptional() {
        struct Outer: Codable {
            struct Inner: Codable { let a: Int? }
            let inner: Inner
        }
        #expect(
            PanalTests.faults { _ = try Request.json("{}").json(as: Outer.self) }
                == ["inner is missing; it must be an object"]
        )
        #expect(PanalTests.faults { _ = try Request.json(#"{"inner":{}}"#).json(as: Outer.self) } == [])
    }

    @Test("may take itself apart by hand")
    func byHand() throws {
        struct Range: Codable, Equatable {
            let first: Int
            let last: Int

            init(from decoder: any Decoder) throws {
                var numbers = try decoder.container(keyedBy: Keys.self).nestedUnkeyedContainer(forKey: .range)
                first = try numbers.decode(Int.self)
                last = try numbers.decode(Int.self)
            }

            func encode(to encoder: any Encoder) throws {}

            enum Keys: CodingKey { case range }
        }
        #expect(try Request.json(#"{"range":[1,2]}"#).json(as: Range.self).last == 2)
        #expect(
            PanalTests.faults { _ = try Request.json(#"{"range":[true]}"#).json(as: Range.self) }
                == ["range[0] must be a whole number", "range[1] is missing; it must be a whole number"]
        )
    }

    @Test("reads strings with every escape, and numbers to the last digit")
    func scalars() throws {
        let strings = try Request.json(#"["","a\"\\\/\b\f\n\r\tz","\u00e9\uD83D\uDE00\u0041","é😀"]"#).json(
            as: [String].self
        )
        #expect(strings == ["", "a\"\\/\u{8}\u{C}\n\r\tz", "é😀A", "é😀"])
        #expect(try Request.json("[9223372036854775807,-0, 1e2 ,2.0]").json(as: [Int].self) == [.max, 0, 100, 2])
        #expect(try Request.json("[18446744073709551615]").json(as: [UInt64].self) == [.max])
        #expect(try Request.json("[0.1,-1E-2,5]").json(as: [Double].self) == [0.1, -0.01, 5])
        #expect(
            PanalTests.faults { _ = try Request.json("[256]").json(as: [UInt8].self) } == [
                "[0] must be a whole number from 0 to 255"
            ]
        )
        #expect(
            PanalTests.faults { _ = try Request.json("[1e999]").json(as: [Double].self) } == ["[0] must be a number"]
        )
        #expect(PanalTests.faults { _ = try Request.json("[9223372036854775808,1.5]").json(as: [Int].self) }.count == 2)
        #expect(try Request.json(#"[null,"a"]"#).json(as: [String?].self) == [nil, "a"])
        #expect(
            PanalTests.faults { _ = try Request.json(#"[null,"a"]"#).json(as: [CivilDate?].self) }
                == ["[1] must be a date of the calendar, written YYYY-MM-DD"]
        )
    }

    @Test("agrees with Foundation's decoder on whatever is right")
    func agrees() throws {
        let foundation = try JSONDecoder().decode(NewOrder.self, from: Data(Self.good.utf8))
        #expect(try order(Self.good) == foundation)
    }

    @Test("of any number of fields with any of them faulty is refused with just those, once each")
    func completeness() throws {
        struct Row: Codable {
            let a: Text<5>
            let b: WholeNumber<1, 9>
            let c: Bool
            let d: CivilDate?
            let e: [WholeNumber<1, 9>]
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            var expected: Set<String> = []
            let rows = (0..<Int.random(in: 0...4, using: &generator)).map { row in
                func member(_ name: String, _ right: [String?], _ wrong: [String?]) -> String? {
                    let isWrong = Bool.random(using: &generator)
                    if isWrong { expected.insert("rows[\(row)].\(name)") }
                    guard let value = (isWrong ? wrong : right).randomElement(using: &generator) ?? nil else {
                        return nil
                    }
                    return "\"\(name)\":\(value)"
                }
                var members = [
                    member("a", ["\"x\"", "\" y \""], ["\"\"", "7", "null", nil, "{}", "\"toolong\""]),
                    member("b", ["1", "9.0"], ["0", "10", "\"1\"", "1.5", "null", nil, "[]"]),
                    member("c", ["true", "false"], ["0", "\"true\"", "null", nil]),
                    member("d", ["\"2027-01-01\"", "null", nil], ["\"2027\"", "1", "{}"]),
                ]
                let elements = (0..<Int.random(in: 0...3, using: &generator)).map { index in
                    let isWrong = Bool.random(using: &generator)
                    if isWrong { expected.insert("rows[\(row)].e[\(index)]") }
                    return isWrong ? ["0", "\"\"", "null"].randomElement(using: &generator)! : "5"
                }
                members.append("\"e\":[\(elements.joined(separator: ","))]")
                return "{" + members.compactMap(\.self).shuffled(using: &generator).joined(separator: ",") + "}"
            }
            let json = "{\"rows\":[\(rows.joined(separator: ","))]}"
            let named: [String]
            do {
                _ = try Request.json(json).json(as: [String: [Row]].self)
                named = []
            } catch let error as InvalidInput {
                named = error.errors.map(\.field)
            }
            #expect(Set(named) == expected, "\(json)")
            #expect(named.count == expected.count, "\(json)")
        }
    }
}
