import HTTPServer
import HTTPTypes
import Testing
import Values

@testable import Panal

@Suite("An OpenAPI document")
struct OpenAPIDocumentTests {
    private struct Wish: Codable {
        let name: Text<20>
        let note: String?
        let size: Size?
        let maker: Maker?

        enum Size: String, Codable, CaseIterable { case small, large }
        struct Maker: Codable {
            let name: String
            let town: String?
        }
    }

    /// Only written, as a domain type may be.
    private struct Thing: ExampleProviding {
        let id: Slug<Thing>
        let wish: Maker
        let parts: [Part]
        let note: String?
        let grade: Int?
        let atoms: UInt128
        let weight: Double
        let marks: [Wish.Size]

        struct Maker: Encodable {
            let name: String
            let country: String
        }
        struct Part: Encodable { let count: Int }

        static var example: Thing {
            Thing(
                id: .example,
                wish: Maker(name: "Ada", country: "GB"),
                parts: [Part(count: 1)],
                note: nil,
                grade: 3,
                atoms: 1,
                weight: 1.5,
                marks: []
            )
        }
    }

    private struct Search: Codable {
        let limit: PageLimit?
        let tags: [Text<10>]?
        let on: CivilDate
    }

    private let admission: Admission = { _ in }

    private func document(_ build: (inout Router) -> Void) throws -> JSONValue {
        var router = Router()
        build(&router)
        let info = ServiceInfo(name: "shop", summary: "Sells.", revision: "r1", date: "2026-01-01")
        let document = OpenAPIDocument(info, router.routes).json
        let compact = try JSONValue(document.compact())
        #expect(try compact == JSONValue(Array(document.indented().utf8)))
        return compact
    }

    @Test("says of each route what it takes: path, query, header fields, body, and who may")
    func inputs() throws {
        let json = try document { router in
            router.group("/v1", admission: [admission]) { v1 in
                v1.get("/things", Operation("Things", query: Search.self, answer: .page("things", of: Thing.self))) {
                    _ in
                    .noContent
                }
                v1.post(
                    "/things",
                    Operation("Make", body: Wish.self, answer: .created(Thing.self), headers: [.idempotencyKey])
                ) { _ in .noContent }
                v1.put(
                    "/things/{id}",
                    Operation(
                        "Change",
                        path: Slug<Thing>.self,
                        body: Wish.self,
                        answer: .noContent,
                        headers: [.ifMatch]
                    )
                ) { _ in .noContent }
            }
        }
        let list = json["paths"]["/v1/things"]["get"]
        #expect(list["operationId"] == "getThings")
        #expect(list["tags"] == ["things"])
        #expect(list["security"] == [["apiKey": ["read"]]])
        #expect(json["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer")
        #expect(list["parameters"].elements.map { $0["name"] } == ["limit", "tags", "on"])
        #expect(list["parameters"].elements.map { $0["required"] } == [false, false, true])
        #expect(list["parameters"][0]["schema"]["maximum"] == 100)
        #expect(list["parameters"][0]["description"] == "Must be a whole number from 1 to 100.")
        #expect(list["parameters"][1]["schema"]["items"]["maxLength"] == 10)
        #expect(list["parameters"][2]["schema"]["format"] == "date")

        let make = json["paths"]["/v1/things"]["post"]
        #expect(make["parameters"][0]["name"] == "Idempotency-Key")
        let body = make["requestBody"]["content"]["application/json"]
        #expect(body["schema"]["$ref"] == "#/components/schemas/Wish")
        #expect(body["example"]["name"] == "text")

        let change = json["paths"]["/v1/things/{id}"]["put"]
        #expect(change["parameters"].elements.map { $0["in"] } == ["path", "header"])
        #expect(change["parameters"][1]["required"] == true)
        #expect(
            Set(change["responses"].members.keys).isSuperset(of: ["204", "400", "401", "404", "412", "422", "428"])
        )
    }

    @Test("what a form begins with can be sent: fields of a query fit each other, an id is one of an example's")
    func examplesOfParameters() throws {
        let json = try document { router in
            router.get(
                "/shelves/{id}",
                Operation("A shelf", path: Slug<Shelf>.self, query: Nights.self, answer: .text)
            ) { _ in .noContent }
        }
        let parameters = json["paths"]["/shelves/{id}"]["get"]["parameters"]
        #expect(parameters.elements.map { $0["example"] } == ["top-left", "2040-01-10", "2040-01-12"])
        #expect(parameters[2]["schema"]["examples"] == ["2040-01-12"])
    }

    private struct Shelf: Encodable, ExampleProviding, Identifiable {
        let id: Slug<Shelf>

        static var example: Shelf { Shelf(id: Slug("top-left")!) }
    }

    private struct Nights: Codable, ExampleProviding {
        let from: CivilDate
        let to: CivilDate

        static var example: Nights { Nights(from: CivilDate("2040-01-10")!, to: CivilDate("2040-01-12")!) }
    }

    @Test("what a client sends may be null where it may be left out; what is answered never is")
    func nullable() throws {
        let json = try document { router in
            router.post("/a", Operation("A", body: Wish.self, answer: .json(Thing.self))) { _ in .noContent }
            router.get("/b", Operation("B", answer: .json(Search.self))) { _ in .noContent }
        }
        let schemas = json["components"]["schemas"]
        #expect(schemas["Wish"]["required"] == ["name"])
        #expect(schemas["Wish"]["properties"]["note"]["type"] == ["string", "null"])
        #expect(schemas["Wish"]["properties"]["size"]["enum"] == ["small", "large", nil])
        #expect(schemas["Wish"]["properties"]["maker"]["anyOf"][1]["type"] == "null")
        #expect(schemas["Search"]["properties"]["tags"]["type"] == "array")
    }

    @Test("reads a type that only encodes itself from its example: kinds, what may be missing, what is empty")
    func encoded() throws {
        let json = try document { router in
            router.get("/things", Operation("A", answer: .list("things", of: Thing.self))) { _ in .noContent }
        }
        let schemas = json["components"]["schemas"]
        #expect(schemas["ThingList"]["properties"]["things"]["items"]["$ref"] == "#/components/schemas/Thing")
        let thing = schemas["Thing"]
        #expect(thing["required"] == ["id", "wish", "parts", "atoms", "weight", "marks"])
        #expect(thing["properties"]["id"]["pattern"] != .missing)
        #expect(thing["properties"]["note"]["type"] == "string")
        #expect(thing["properties"]["grade"]["type"] == "integer")
        #expect(thing["properties"]["atoms"]["type"] == "integer")
        #expect(thing["properties"]["weight"]["type"] == "number")
        #expect(thing["properties"]["parts"]["items"]["$ref"] == "#/components/schemas/Part")
        #expect(schemas["Part"]["properties"]["count"]["type"] == "integer")
        #expect(thing["properties"]["marks"]["items"]["enum"] == ["small", "large"])
        #expect(thing["examples"][0]["wish"]["name"] == "Ada")
    }

    @Test("two types of one name are two schemas, and one that holds itself comes to an end")
    func names() throws {
        struct Node: Codable {
            let children: [Node]
        }
        let json = try document { router in
            router.post("/a", Operation("A", body: Wish.self, answer: .json(Thing.self))) { _ in .noContent }
            router.get("/b", Operation("B", answer: .json(Node.self))) { _ in .noContent }
            router.get("/c", Operation("C", answer: .json(Record<Wish>.self))) { _ in .noContent }
        }
        let schemas = json["components"]["schemas"].members
        let own = Set(schemas.keys).subtracting(["Problem", "FieldError"])
        #expect(own == ["Maker", "Maker2", "Node", "Part", "Thing", "Wish", "WishRecord"])
        #expect(schemas["Node"]?["properties"]["children"]["items"]["$ref"] == "#/components/schemas/Node")
        #expect(schemas["WishRecord"]?["required"] == ["id", "name"])
    }

    @Test("names its operations by method and path; the version only tells two of them apart")
    func ids() throws {
        let operation = Operation("A", answer: .text)
        let json = try document { router in
            for path in ["/", "/v1/a/{id}", "/v1/b-c", "/v2/b-c"] {
                router.get(path, operation) { _ in .noContent }
            }
        }
        let ids = ["/", "/v1/a/{id}", "/v1/b-c", "/v2/b-c"].map { json["paths"][$0]["get"]["operationId"] }
        #expect(ids == ["getIndex", "getAById", "getV1BC", "getV2BC"])
    }

    @Test("a problem that is answered is what the document says of problems")
    func problem() throws {
        let json = try document { router in
            router.get("/a", Operation("A", query: Search.self, answer: .text)) { _ in .noContent }
        }
        let said = json["components"]["schemas"]["Problem"]
        let fault = FieldError(field: "on", detail: "is missing")
        let answer = ProblemKind.invalidInput.problem(errors: [fault]).response(requestID: "r")
        let problem = try JSONValue(answer.body.collect())
        #expect(Set(problem.members.keys) == Set(said["properties"].members.keys))
        #expect(Set(problem["errors"][0].members.keys) == ["field", "detail"])
        let examples = json["paths"]["/a"]["get"]["responses"]["422"]["content"]["application/problem+json"]["examples"]
        #expect(examples["invalid-input"]["value"]["type"] == "/problems/invalid-input")
    }

    @Test("a route of which nothing was said is in it by its method and path, and is named")
    func undeclared() throws {
        var router = Router()
        router.get("/said", Operation("A", answer: .text)) { _ in .noContent }
        router.get("/unsaid/{id}") { _ in .noContent }
        let info = ServiceInfo(name: "shop", summary: "Sells.", revision: "r1", date: "2026-01-01")
        let document = OpenAPIDocument(info, router.routes)
        #expect(document.undeclared == ["GET /unsaid/{id}"])
        let json = try JSONValue(document.json.compact())
        #expect(json["paths"]["/unsaid/{id}"]["get"]["parameters"][0]["name"] == "id")
    }
}

/// JSON that a test looks into.
private enum JSONValue: Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByNilLiteral, ExpressibleByDictionaryLiteral
{
    case missing, null
    case text(String), number(Double), flag(Bool)
    case array([JSONValue]), object([String: JSONValue])

    init(_ json: [UInt8]) throws {
        try JSONSyntax.check(json.span)
        self.init(JSONReader.read(json.span))
    }

    private init(_ value: InputValue) {
        switch value {
        case .object(let object):
            self = .object(Dictionary(object.members.map { ($0.name, JSONValue($0.value)) }) { first, _ in first })
        case .array(let elements): self = .array(elements.map { JSONValue($0) })
        case .string(let text): self = .text(text)
        case .number(let text): self = .number(Double(text) ?? .nan)
        case .bool(let flag): self = .flag(flag)
        case .null: self = .null
        case .missing, .parameter, .blank: self = .missing
        }
    }

    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int) { self = .number(Double(value)) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members) { first, _ in first })
    }
    init(nilLiteral: ()) { self = .null }

    var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }
    var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    subscript(name: String) -> JSONValue { members[name] ?? .missing }
    subscript(index: Int) -> JSONValue { index < elements.count ? elements[index] : .missing }
}
