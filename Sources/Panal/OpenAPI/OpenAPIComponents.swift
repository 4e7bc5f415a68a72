import HTTPServer
import HTTPTypes
import Values

/// What several operations of an OpenAPI document share: schemas of objects under their names, header fields, the security
/// scheme.
struct OpenAPIComponents {
    private typealias Member = (name: String, value: JSONDocument)

    /// The name of what ``AccessControl`` asks for.
    static let securityScheme = "apiKey"

    /// The value is nil as long as it is being described.
    private var schemas: [(name: String, schema: Schema, value: JSONDocument?)] = []
    /// Types that are sent: there a member that may be left out may as well be null. In answers none ever is.
    private let inputs: Set<String>

    /// - Parameter inputs: The schemas of all bodies.
    init(inputs: [Schema]) {
        var names: Set<String> = []
        for input in inputs { input.addNames(to: &names) }
        self.inputs = names
    }

    // MARK: Schemas

    /// A media type and what its content looks like.
    mutating func content(_ mediaType: String, _ schema: Schema) -> JSONDocument {
        var members: [Member] = [("schema", described(schema, isNullable: false))]
        if mediaType == "application/json", schema.kind != .object([]), let example = schema.wholeExample {
            members.append(("example", .encoded(example)))
        }
        return .object([(mediaType, .object(members))])
    }

    /// A schema, or where it is to be found.
    /// - Parameter isNullable: Whether a client may send null as well.
    mutating func described(_ schema: Schema, isNullable: Bool) -> JSONDocument {
        if let name = schema.name {
            let reference = JSONDocument.object([("$ref", .string("#/components/schemas/\(add(schema, name))"))])
            return isNullable
                ? .object([("anyOf", .array([reference, .object([("type", .string("null"))])]))]) : reference
        }
        var members: [Member] = []
        if let type = schema.type {
            members.append(("type", isNullable ? .array([.string(type), .string("null")]) : .string(type)))
        }
        if let rule = schema.expectation { members.append(("description", .string(rule.asSentence))) }
        if !schema.choices.isEmpty {
            let choices = schema.choices.map { schema.kind == .string ? JSONDocument.string($0) : .encoded($0) }
            members.append(("enum", .array(choices + (isNullable ? [.encoded("null")] : []))))
        }
        members += schema.constraints.members
        switch schema.kind {
        case .array(let element): members.append(("items", described(element, isNullable: false)))
        case .object(let properties): members += self.members(properties, isInput: false)
        case .any, .string, .integer, .number, .boolean: break
        }
        if let example = schema.example { members.append(("examples", .array([.encoded(example)]))) }
        return .object(members)
    }

    private mutating func members(_ properties: [Schema.Property], isInput: Bool) -> [Member] {
        var members: [Member] = []
        if !properties.isEmpty {
            members.append(
                (
                    "properties",
                    .object(
                        properties.map { ($0.name, described($0.schema, isNullable: isInput && !$0.isRequired)) }
                    )
                )
            )
        }
        let required = properties.filter(\.isRequired).map { JSONDocument.string($0.name) }
        if !required.isEmpty { members.append(("required", .array(required))) }
        return members
    }

    /// - Returns: The name under which it is: its own unless that is another one's.
    private mutating func add(_ schema: Schema, _ wanted: String) -> String {
        var (name, number) = (wanted, 1)
        while let other = schemas.first(where: { $0.name == name }) {
            // One that is not described yet holds this one: a type that holds itself.
            if other.schema.kind == schema.kind || other.value == nil { return name }
            number += 1
            name = wanted + String(number)
        }
        let place = schemas.count
        schemas.append((name, schema, nil))
        var members: [Member] = [("type", .string("object"))]
        if let rule = schema.expectation { members.append(("description", .string(rule.asSentence))) }
        members += self.members(schema.properties, isInput: inputs.contains(wanted))
        if let example = schema.example { members.append(("examples", .array([.encoded(example)]))) }
        schemas[place].value = .object(members)
        return name
    }

    // MARK: Problems

    /// What a problem is answered as; nil stands for any other status.
    /// - Parameter common: Header fields that it has, or may have, as all answers of its route.
    mutating func problem(
        _ status: HTTPResponse.Status?,
        _ kinds: [ProblemKind],
        beside common: [HeaderField]
    ) -> JSONDocument {
        let schema = JSONDocument.object([
            ("$ref", .string("#/components/schemas/\(add(ProblemDocument.schema, "Problem"))"))
        ])
        var content: [Member] = [("schema", schema)]
        if !kinds.isEmpty {
            let examples = kinds.map { kind in
                (name: kind.name, value: JSONDocument.object([("value", .encoded(ProblemDocument.example(of: kind)))]))
            }
            content.append(("examples", .object(examples)))
        }
        let meaning =
            status.map { status in kinds.isEmpty ? status.words : kinds.map(\.title).joined(separator: "; ") }
            ?? "Any other problem"
        let own: [HeaderField] =
            switch status {
            case .unauthorized?, .forbidden?: [("WWW-Authenticate", true)]
            case .serviceUnavailable?: [("Retry-After", true)]
            case .tooManyRequests?: [("Retry-After", true), ("RateLimit", true), ("RateLimit-Policy", true)]
            case .preconditionFailed?: [("ETag", true)]
            case .unsupportedMediaType?: [("Accept", false), ("Accept-Encoding", false)]
            default: []
            }
        let fields = own + common.filter { field in !own.contains { $0.name == field.name } }
        return .object([
            ("description", .string(meaning)), ("headers", headers(fields)),
            ("content", .object([("application/problem+json", .object(content))])),
        ])
    }

    // MARK: Header fields

    /// A header field of an answer, and whether it is always there.
    typealias HeaderField = (name: String, isRequired: Bool)

    /// What every answer has.
    static let ofAll: [HeaderField] = [("X-Request-ID", true)]
    /// What an answer has beside that if there are limits.
    static let ofLimits: [HeaderField] = [("RateLimit", false), ("RateLimit-Policy", false)]

    /// These header fields of an answer, or where they are to be found: what many answers have is described once.
    func headers(_ fields: [HeaderField]) -> JSONDocument {
        .object(
            fields.map { field in
                let isCommon = (Self.ofAll + Self.ofLimits).contains { $0 == field }
                let reference = JSONDocument.object([("$ref", .string("#/components/headers/\(field.name)"))])
                return (field.name, isCommon ? reference : Self.described(field))
            }
        )
    }

    private static func described(_ field: HeaderField) -> JSONDocument {
        .object([
            ("description", .string(meanings[field.name] ?? field.name)), ("required", .boolean(field.isRequired)),
            ("schema", .object([("type", .string("string"))])),
        ])
    }

    private static let meanings = [
        "Accept": "The media types that are taken (RFC 9110 section 12.5.1).",
        "Accept-Encoding": "The content codings that are taken (RFC 9110 section 12.5.3).",
        "ETag": "The version, for If-Match and If-None-Match (RFC 9110 section 8.8.3).",
        "Idempotency-Replayed": "`true`: this is what the first request with the key got.",
        "Link": "The next page, as `<…>; rel=\"next\"` (RFC 8288).",
        "Location": "The path of what was made.",
        "RateLimit": "What is left of each limit (draft-ietf-httpapi-ratelimit-headers).",
        "RateLimit-Policy": "The limits (draft-ietf-httpapi-ratelimit-headers).",
        "Retry-After": "In so many seconds it is worth trying again.",
        "WWW-Authenticate": "How to say who asks.",
        "X-Request-ID": "What the log knows the request by: the client's own, if it sent one that is fit for a log.",
    ]

    // MARK: All of it

    /// The document's last part.
    func json(isGuarded: Bool) -> JSONDocument {
        var members: [Member] = [
            ("schemas", .object(schemas.sorted { $0.name < $1.name }.map { ($0.name, $0.value ?? .object([])) })),
            ("headers", .object((Self.ofAll + Self.ofLimits).map { ($0.name, Self.described($0)) })),
        ]
        if isGuarded {
            let scheme = JSONDocument.object([
                ("type", .string("http")), ("scheme", .string("bearer")),
                (
                    "description",
                    .string("One of the keys in API_KEYS that has the scope; a service without keys asks for none.")
                ),
            ])
            members.append(("securitySchemes", .object([(Self.securityScheme, scheme)])))
        }
        return .object(members)
    }
}

/// What `Problem.response(requestID:)` writes.
private struct ProblemDocument: Codable {
    let type: String
    let title: String
    let status: WholeNumber<400, 599>
    let detail: String?
    let requestId: String
    let errors: [FieldError]?

    struct FieldError: Codable {
        let field: String
        let detail: String
    }

    static var schema: Schema {
        var schema = Schema(of: ProblemDocument.self)
        schema.name = "Problem"
        schema.expectation = "an error for the client (RFC 9457); `requestId` is what the log knows the request by"
        schema.example = example(
            Problem(.notFound, detail: "There is no resource at this path.")
        )
        return schema
    }

    static func example(of kind: ProblemKind) -> String {
        let isFields = kind == .invalidInput
        return example(
            kind.problem(
                errors: isFields ? [Values.FieldError(field: "email", detail: EmailAddress.expectation)] : []
            )
        )
    }

    private static func example(_ problem: Problem) -> String {
        switch problem.response(requestID: "06f0zq3k1w8b-1").body {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        default: "{}"
        }
    }
}

extension Schema {
    /// JSON Schema's word for the kind; nil for any.
    fileprivate var type: String? {
        switch kind {
        case .any: nil
        case .string: "string"
        case .integer: "integer"
        case .number: "number"
        case .boolean: "boolean"
        case .array: "array"
        case .object: "object"
        }
    }

    /// The names of this object and of all inside it.
    fileprivate func addNames(to names: inout Set<String>) {
        if let name { names.insert(name) }
        if case .array(let element) = kind { element.addNames(to: &names) }
        for property in properties { property.schema.addNames(to: &names) }
    }

    /// Its example, or one made of those of its parts; nil when some part that must be there has none.
    var wholeExample: String? {
        // An array's own example is empty: it does not know its elements.
        if case .array(let element) = kind { return element.wholeExample.map { "[\($0)]" } ?? "[]" }
        if let example { return example }
        switch kind {
        case .boolean: return "true"
        case .string: return "\"text\""
        case .integer, .number: return "1"
        case .any, .array: return nil
        case .object(let properties):
            var json = JSONWriter()
            json.beginObject()
            for property in properties {
                guard let example = property.schema.wholeExample else {
                    if property.isRequired { return nil }
                    continue
                }
                json.key(name: property.name)
                json.encoded(example.utf8)
            }
            json.endObject()
            return String(decoding: json.bytes, as: UTF8.self)
        }
    }
}

extension Constraints {
    /// In JSON Schema's words.
    fileprivate var members: [(name: String, value: JSONDocument)] {
        let numbers = [
            ("minimum", minimum), ("maximum", maximum), ("minLength", minLength), ("maxLength", maxLength),
            ("minItems", minItems), ("maxItems", maxItems),
        ]
        let texts = [("format", format), ("pattern", pattern)]
        return numbers.compactMap { name, number in number.map { (name, .integer($0)) } }
            + texts.compactMap { name, text in text.map { (name, .string($0)) } }
    }
}
