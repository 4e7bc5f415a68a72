public import HTTPServer
public import HTTPTypes
public import Values

/// A kind of problem that has an address which explains it (RFC 9457 section 3.1.1): `/problems/nights-taken`.
///
/// ```swift
/// extension ProblemKind {
///     static let soldOut = ProblemKind("sold-out", .conflict, "It is sold out", "Ask again tomorrow.")
/// }
/// throw ProblemKind.soldOut.problem("Item \(id) is sold out.")
/// ```
public struct ProblemKind: Sendable, Hashable {
    /// The last part of its address.
    public let name: String
    /// The status it is answered with.
    public let status: HTTPResponse.Status
    /// A short sentence, the same for every problem of this kind.
    public let title: String
    /// What it means and what a client can do.
    public let explanation: String

    /// A kind of problem; name it in ``Service/problems`` to have it explained.
    public init(_ name: String, _ status: HTTPResponse.Status, _ title: String, _ explanation: String) {
        self.name = name
        self.status = status
        self.title = title
        self.explanation = explanation
    }

    /// This kind of problem, once.
    /// - Parameters:
    ///   - detail: What went wrong this time; the explanation unless said.
    ///   - errors: Each invalid part of the input.
    public func problem(_ detail: String? = nil, errors: [FieldError] = []) -> Problem {
        Problem(status, type: "/problems/\(name)", title: title, detail: detail ?? explanation, errors: errors)
    }
}

extension ProblemKind {
    /// 422: fields that are missing, of the wrong kind, or against the rules.
    public static let invalidInput = ProblemKind(
        "invalid-input",
        .unprocessableContent,
        "The input is not valid",
        "Each entry of `errors` names a field and what it must be. Mend them all and send again."
    )

    /// 422: an `Idempotency-Key` that came with another request before.
    public static let idempotencyKeyReused = ProblemKind(
        "idempotency-key-reused",
        .unprocessableContent,
        "The idempotency key was used for another request",
        "Use a new Idempotency-Key for each thing you create, and the same one only to repeat a request."
    )

    /// 428: a change without `If-Match`.
    public static let ifMatchRequired = ProblemKind(
        "if-match-required",
        .preconditionRequired,
        "The change needs If-Match",
        "Send If-Match with the ETag you have read, or * to go ahead whatever the version is."
    )

    /// 412: a change that starts from a version that is no longer the newest.
    public static let stale = ProblemKind(
        "stale",
        .preconditionFailed,
        "It has changed",
        "It is no longer at the version you named. Read it again and decide anew."
    )

    /// 503: others held the database for as long as the request could wait.
    public static let storeBusy = ProblemKind(
        "store-busy",
        .serviceUnavailable,
        "The store is busy",
        "Others held the store for as long as this request could wait. Nothing was changed; try again."
    )

    /// 503: the database cannot be reached, or not be written.
    public static let storeUnavailable = ProblemKind(
        "store-unavailable",
        .serviceUnavailable,
        "The store is not available",
        "The service cannot reach its data now. Nothing was changed; try again later."
    )

    /// 403: a caller who is known, and may not do this.
    public static let insufficientScope = ProblemKind(
        "insufficient-scope",
        .forbidden,
        "The caller may not do this",
        "The detail names the scope that is missing. Ask who runs the service for a key that has it."
    )

    /// 429: more requests than the caller, or its address, may send.
    public static let rateLimited = ProblemKind(
        "rate-limited",
        .tooManyRequests,
        "Too many requests",
        "Wait for as long as Retry-After says. RateLimit-Policy names the limits, RateLimit what is left of them."
    )

    /// The kinds that every service has.
    static let common: [ProblemKind] = [
        .insufficientScope, .rateLimited, .invalidInput, .idempotencyKeyReused, .ifMatchRequired, .stale, .storeBusy,
        .storeUnavailable,
        .upstreamFailed, .upstreamUnavailable, .upstreamTimeout,
    ]
}

extension Router {
    /// `GET /problems/{name}`: what the `type` of a problem document points to.
    mutating func addProblems(_ kinds: [ProblemKind]) {
        let byName = Dictionary(kinds.map { ($0.name, $0) }) { first, second in
            preconditionFailure("there are two kinds of problem named \(first.name)")
        }
        let explanation = Operation(
            "What the type of a problem means",
            group: "service",
            pathSchemas: [{ .problemName(of: kinds) }],
            answers: [.text]
        )
        get("/problems/{name}", explanation) { request in
            guard let kind = request.parameters["name"].flatMap({ byName[$0] }) else {
                throw Problem(.notFound, detail: "There is no such kind of problem.")
            }
            return .text("\(kind.title) (\(kind.status.code))\n\n\(kind.explanation)\n")
        }
    }
}

extension Schema {
    fileprivate static func problemName(of kinds: [ProblemKind]) -> Schema {
        var schema = Schema(.string)
        schema.choices = kinds.map(\.name)
        schema.example = kinds.first.map { "\"\($0.name)\"" }
        return schema
    }
}
