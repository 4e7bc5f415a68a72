public import HTTPServer
public import HTTPTypes
import Values

/// What a route takes and answers, said once, beside its handler. The OpenAPI document is made of it: `openapi`,
/// `GET /openapi.json`, `GET /docs`.
///
/// ```swift
/// get("/orders/{id}", Operation("One order", path: OrderID.self, answer: .json(Order.self))) { request in … }
/// post("/orders", Operation("Order something", body: NewOrder.self, answer: .created(Order.self), headers: [.idempotencyKey]))
/// { request in … }
/// ```
///
/// Names, types and rules of fields come from the types that the handler reads and writes. What every route of a kind answers
/// beside that is known: 422 where there is input, 404 where a path has parameters, 401 behind an admission, and so on.
///
/// Nothing of it is looked at while requests are answered.
public struct Operation: Sendable {
    /// A type that says what input looks like.
    public typealias Input = any (Decodable & Sendable).Type

    /// What it does, in a few words.
    public let summary: String

    /// What else is to know; nil for nothing.
    public let details: String?

    /// Under which heading it stands; nil for the first word of its path that is no version.
    public let group: String?

    let path: [@Sendable () -> Schema]
    let query: [Input]
    let body: Input?
    let answers: [Answer]
    let headers: [Header]
    let problems: [ProblemKind]
    /// Whether rate limits are asked, if there are any.
    var isLimited = true

    /// An operation.
    /// - Parameters:
    ///   - summary: What it does, in a few words.
    ///   - details: What else is to know.
    ///   - group: Under which heading it stands; the first word of its path that is no version unless said.
    ///   - path: The types of the path's parameters, in their order.
    ///   - query: The types of the query: what the handler gives to `Request.query(as:)`.
    ///   - body: The type of the body: what the handler gives to `Request.json(as:)`.
    ///   - answer: What it answers when all goes well.
    ///   - others: What else it answers, beside problems.
    ///   - headers: What its handler reads or writes beside that.
    ///   - problems: The kinds of problem that are its own.
    public init(
        _ summary: String,
        details: String? = nil,
        group: String? = nil,
        path: Input...,
        query: Input...,
        body: Input? = nil,
        answer: Answer,
        _ others: Answer...,
        headers: [Header] = [],
        problems: [ProblemKind] = []
    ) {
        self.init(
            summary,
            details: details,
            group: group,
            pathSchemas: path.map { type in { Schema(of: type) } },
            query: query,
            body: body,
            answers: [answer] + others,
            headers: headers,
            problems: problems
        )
    }

    init(
        _ summary: String,
        details: String? = nil,
        group: String? = nil,
        pathSchemas: [@Sendable () -> Schema] = [],
        query: [Input] = [],
        body: Input? = nil,
        answers: [Answer],
        headers: [Header] = [],
        problems: [ProblemKind] = []
    ) {
        self.summary = summary
        self.details = details
        self.group = group
        path = pathSchemas
        self.query = query
        self.body = body
        self.answers = answers
        self.headers = headers
        self.problems = problems
    }

    /// A header field, of the request or the answer, by the function that reads or writes it.
    public enum Header: Sendable, Hashable {
        /// `Idempotency-Key`, by `Request.idempotency(_:)`; a repeat is answered with `Idempotency-Replayed`.
        case idempotencyKey
        /// `If-Match`, by `Request.expectedVersion()`; the answer has an `ETag`.
        case ifMatch
        /// `If-None-Match`, by `Request.unlessCurrent(version:_:)`; the answer has an `ETag`.
        case ifNoneMatch
        /// `ETag` of the answer, by `Response.tagged(version:)`.
        case entityTag
    }

    /// One of its answers.
    public struct Answer: Sendable {
        let status: HTTPResponse.Status
        /// Nil without content.
        let contentType: ContentType?
        /// Nil for content that is no JSON.
        let schema: (@Sendable () -> Schema)?
        /// Names of fields that it always has.
        var fields: [String] = []
        /// Names of fields that it may have.
        var optionalFields: [String] = []

        /// A value as JSON.
        public static func json(
            _ type: any (Encodable & Sendable).Type,
            _ status: HTTPResponse.Status = .ok
        ) -> Answer {
            Answer(status: status, contentType: .json, schema: { SchemaEncoder.schema(of: type) })
        }

        /// What was made, as JSON, and where it is: `Response.created(_:at:)`.
        public static func created(_ type: any (Encodable & Sendable).Type) -> Answer {
            var answer = json(type, .created)
            answer.fields = ["Location"]
            return answer
        }

        /// A page of a list: `Response.page(_:named:of:)`.
        public static func page(_ name: String, of type: any (Encodable & Sendable).Type) -> Answer {
            var answer = Answer(status: .ok, contentType: .json) { .list(name, of: type, isPaged: true) }
            answer.optionalFields = ["Link"]
            return answer
        }

        /// An object whose only member is a list.
        public static func list(_ name: String, of type: any (Encodable & Sendable).Type) -> Answer {
            Answer(status: .ok, contentType: .json) { .list(name, of: type, isPaged: false) }
        }

        /// Content that is no JSON.
        public static func content(_ type: ContentType, _ status: HTTPResponse.Status = .ok) -> Answer {
            Answer(status: status, contentType: type, schema: nil)
        }

        /// Text.
        public static var text: Answer { .content(.text) }

        /// 204: done, and nothing to say.
        public static var noContent: Answer { Answer(status: .noContent, contentType: nil, schema: nil) }
    }
}

extension Schema {
    /// An object that holds a list, and perhaps where the next page begins.
    fileprivate static func list(_ name: String, of type: any Encodable.Type, isPaged: Bool) -> Schema {
        let element = SchemaEncoder.schema(of: type)
        var members = [Property(name: name, schema: Schema(.array(element)), isRequired: true)]
        if isPaged {
            var next = Schema(.string)
            next.expectation = "the `cursor` of the next page; not there on the last one"
            members.append(Property(name: "next", schema: next, isRequired: false))
        }
        var schema = Schema(.object(members))
        schema.name = SchemaName.of(type) + (isPaged ? "Page" : "List")
        return schema
    }
}

extension Route {
    /// What was declared of it; nil when nothing was.
    public var operation: Operation? { documentation as? Operation }
}
