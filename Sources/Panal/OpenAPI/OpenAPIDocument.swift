import HTTPServer
import HTTPTypes
import Values

/// What a service answers, as OpenAPI 3.1 says it (https://spec.openapis.org/oas/v3.1.0): the same routes give the same text.
struct OpenAPIDocument: Sendable {
    /// What of a route goes into it.
    struct Entry: Sendable {
        let method: HTTPRequest.Method
        let pattern: String
        /// What a caller needs; nil for a route that is open to everybody.
        let scope: Scope?
        /// Nil when nothing was declared: then the route is in it by its method and its path alone.
        let operation: Operation?

        init(_ route: Route) {
            method = route.method
            pattern = route.pattern
            scope = route.requiredScope
            operation = route.operation
        }

        /// Under which heading it stands.
        var group: String {
            if let group = operation?.group { return group }
            let words = pattern.split(separator: "/").filter { !$0.isVersion && !$0.hasPrefix("{") }
            return words.first.map(String.init) ?? "service"
        }
    }

    let info: ServiceInfo
    let entries: [Entry]

    init(_ info: ServiceInfo, _ routes: [Route]) {
        self.info = info
        entries = routes.map { Entry($0) }
    }

    /// Routes of which nothing was declared, as `routes` lists them.
    var undeclared: [String] {
        entries.filter { $0.operation == nil }.map { "\($0.method.rawValue) \($0.pattern)" }
    }

    /// The document.
    var json: JSONDocument {
        var components = OpenAPIComponents(inputs: entries.compactMap { $0.operation?.body }.map { Schema(of: $0) })
        let ids = operationIDs
        var paths: [(name: String, value: JSONDocument)] = []
        for (entry, id) in zip(entries, ids) {
            let described = entry.described(id: id, &components)
            let member = (name: entry.method.rawValue.lowercased(), value: described)
            if let place = paths.firstIndex(where: { $0.name == entry.pattern }),
                case .object(let members) = paths[place].value
            {
                paths[place].value = .object(members + [member])
            } else {
                paths.append((entry.pattern, .object([member])))
            }
        }
        return .object([
            ("openapi", .string("3.1.0")),
            (
                "info",
                .object([
                    ("title", .string(info.name)), ("version", .string(info.revision)),
                    ("description", .string(info.summary)),
                ])
            ),
            ("servers", .array([.object([("url", .string("/"))])])),
            ("tags", .array(groups.map { .object([("name", .string($0))]) })),
            ("paths", .object(paths)),
            ("components", components.json(isGuarded: entries.contains { $0.scope != nil })),
        ])
    }

    /// Each heading once, in the order of the routes.
    private var groups: [String] {
        var groups: [String] = []
        for entry in entries where !groups.contains(entry.group) { groups.append(entry.group) }
        return groups
    }

    /// `getRoomsById`; with the version in it where two would be called the same.
    private var operationIDs: [String] {
        let short = entries.map { $0.operationID(withVersion: false) }
        let counts = Dictionary(short.map { ($0, 1) }, uniquingKeysWith: +)
        return zip(entries, short).map { entry, id in counts[id] == 1 ? id : entry.operationID(withVersion: true) }
    }
}

extension Substring {
    /// `v1`
    fileprivate var isVersion: Bool { first == "v" && count > 1 && dropFirst().allSatisfy(\.isNumber) }
}

extension OpenAPIDocument.Entry {
    private typealias Member = (name: String, value: JSONDocument)

    fileprivate func operationID(withVersion: Bool) -> String {
        var id = method.rawValue.lowercased()
        let segments = pattern.split(separator: "/").filter { withVersion || !$0.isVersion }
        if segments.isEmpty { id += "Index" }
        for segment in segments {
            if segment.hasPrefix("{") { id += "By" }
            for word in segment.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
                id += word.prefix(1).uppercased() + word.dropFirst()
            }
        }
        return id
    }

    private var pathParameters: [String] {
        pattern.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
    }

    fileprivate func described(id: String, _ components: inout OpenAPIComponents) -> JSONDocument {
        var members: [Member] = [
            ("operationId", .string(id)), ("tags", .array([.string(group)])),
            ("summary", .string(operation?.summary ?? "\(method.rawValue) \(pattern)")),
        ]
        if let details = operation?.details { members.append(("description", .string(details))) }
        let parameters = parameters(&components)
        if !parameters.isEmpty { members.append(("parameters", .array(parameters))) }
        if let body = operation?.body {
            let content = components.content("application/json", Schema(of: body))
            members.append(("requestBody", .object([("required", .boolean(true)), ("content", content)])))
        }
        members.append(("responses", .object(responses(&components))))
        if let scope {
            let scheme = OpenAPIComponents.securityScheme
            members.append(("security", .array([.object([(scheme, .array([.string(scope.name)]))])])))
        }
        return .object(members)
    }

    // MARK: What it takes

    private func parameters(_ components: inout OpenAPIComponents) -> [JSONDocument] {
        var parameters: [JSONDocument] = []
        for (index, name) in pathParameters.enumerated() {
            let declared = operation?.path ?? []
            let schema = index < declared.count ? declared[index]() : Schema(.string)
            parameters.append(parameter(name, in: "path", schema, isRequired: true, &components))
        }
        for property in operation?.query.flatMap({ SchemaReader.parameters(of: $0) }) ?? [] {
            parameters.append(
                parameter(property.name, in: "query", property.schema, isRequired: property.isRequired, &components)
            )
        }
        for header in operation?.headers ?? [] {
            guard let (name, schema, isRequired) = header.parameter else { continue }
            parameters.append(parameter(name, in: "header", schema, isRequired: isRequired, &components))
        }
        return parameters
    }

    private func parameter(
        _ name: String,
        in place: String,
        _ schema: Schema,
        isRequired: Bool,
        _ components: inout OpenAPIComponents
    ) -> JSONDocument {
        var members: [Member] = [("name", .string(name)), ("in", .string(place))]
        members.append(("required", .boolean(isRequired)))
        if let rule = schema.expectation { members.append(("description", .string(rule.asSentence))) }
        var ruleless = schema
        ruleless.expectation = nil
        members.append(("schema", components.described(ruleless, isNullable: false)))
        // What may be left out is no part of an example that is to be sent as it stands: a cursor of no page, for one.
        if isRequired, let example = schema.example { members.append(("example", .encoded(example))) }
        return .object(members)
    }

    // MARK: What it answers

    private func responses(_ components: inout OpenAPIComponents) -> [Member] {
        var responses: [(status: Int, value: JSONDocument)] = []
        for answer in operation?.answers ?? [] {
            responses.append((answer.status.code, described(answer, &components)))
        }
        if operation?.headers.contains(.ifNoneMatch) == true {
            let unchanged = Operation.Answer(status: .notModified, contentType: nil, schema: nil)
            responses.append((304, described(unchanged, &components)))
        }
        let known = Set(responses.map(\.status))
        for (status, kinds) in problems where !known.contains(status.code) {
            responses.append((status.code, components.problem(status, kinds, beside: commonFields)))
        }
        responses.sort { $0.status < $1.status }
        return responses.map { (String($0.status), $0.value) }
            + [("default", components.problem(nil, [], beside: commonFields))]
    }

    private var isLimited: Bool { operation?.isLimited ?? true }

    /// Header fields of all its answers.
    private var commonFields: [OpenAPIComponents.HeaderField] {
        OpenAPIComponents.ofAll + (isLimited ? OpenAPIComponents.ofLimits : [])
    }

    private func described(
        _ answer: Operation.Answer,
        _ components: inout OpenAPIComponents
    ) -> JSONDocument {
        var fields = answer.fields.map { ($0, true) } + answer.optionalFields.map { ($0, false) }
        for header in operation?.headers ?? [] {
            let isVersioned = answer.status != .noContent
            let field = header == .idempotencyKey ? ("Idempotency-Replayed", false) : ("ETag", isVersioned)
            if !fields.contains(where: { $0.0 == field.0 }) { fields.append(field) }
        }
        fields += commonFields
        var members: [Member] = [
            ("description", .string(answer.status.words)), ("headers", components.headers(fields)),
        ]
        if let type = answer.contentType {
            let mediaType = String(type.value.prefix { $0 != ";" })
            let schema = answer.schema?() ?? Schema(type == .json ? .object([]) : .string)
            members.append(("content", components.content(mediaType, schema)))
        }
        return .object(members)
    }

    /// What it may refuse: what is known of each route that is made like this one, and what is its own. Of a status without
    /// kinds nothing is known but the status.
    private var problems: [(HTTPResponse.Status, [ProblemKind])] {
        var problems: [(status: HTTPResponse.Status, kinds: [ProblemKind])] = []
        func add(_ status: HTTPResponse.Status, _ kinds: ProblemKind...) {
            if let place = problems.firstIndex(where: { $0.status == status }) {
                problems[place].kinds += kinds.filter { !problems[place].kinds.contains($0) }
            } else {
                problems.append((status, kinds))
            }
        }
        guard let operation else { return [] }
        if scope != nil {
            add(.unauthorized)
            add(.forbidden, .insufficientScope)
        }
        if isLimited { add(.tooManyRequests, .rateLimited) }
        if !pathParameters.isEmpty { add(.notFound) }
        if operation.body != nil {
            for status in [HTTPResponse.Status.badRequest, .contentTooLarge, .unsupportedMediaType] { add(status) }
        }
        if operation.body != nil || !operation.query.isEmpty { add(.unprocessableContent, .invalidInput) }
        for header in operation.headers {
            switch header {
            case .idempotencyKey:
                add(.badRequest)
                add(.unprocessableContent, .idempotencyKeyReused)
            case .ifMatch:
                add(.badRequest)
                add(.preconditionFailed, .stale)
                add(.preconditionRequired, .ifMatchRequired)
            case .ifNoneMatch, .entityTag: break
            }
        }
        for kind in operation.problems { add(kind.status, kind) }
        if scope != nil { add(.serviceUnavailable, .storeBusy, .storeUnavailable) }
        return problems
    }
}

extension Operation.Header {
    /// What of it a request carries.
    fileprivate var parameter: (name: String, schema: Schema, isRequired: Bool)? {
        var schema = Schema(.string)
        switch self {
        case .entityTag: return nil
        case .idempotencyKey:
            schema.expectation =
                "makes it safe to send the request again: a repeat with the same key is answered as the first was"
            schema.constraints = Constraints(minLength: 1, maxLength: 255, pattern: "^[!-~]+$")
            return ("Idempotency-Key", schema, false)
        case .ifMatch:
            schema.expectation = "the ETag that was read, or * to go ahead whatever the version is"
            // A list may have empty elements, and be empty (RFC 9110 section 5.6.1.2).
            schema.constraints.pattern = #"^(\*|[ \t]*((W/)?"[!#-~]*")?[ \t]*(,[ \t]*((W/)?"[!#-~]*")?[ \t]*)*)$"#
            schema.example = #""*""#
            return ("If-Match", schema, true)
        case .ifNoneMatch:
            schema.expectation = "the ETag that was read: as long as nothing has changed the answer is 304"
            return ("If-None-Match", schema, false)
        }
    }
}

extension HTTPResponse.Status {
    /// What RFC 9110 calls it.
    var words: String { Problem(self).title }
}

extension String {
    /// The end of a sentence as one of its own.
    var asSentence: String { prefix(1).uppercased() + dropFirst() + "." }
}
