public import HTTPServer
public import HTTPTypes

/// Lets pages of other origins use the service from a browser (Cross-Origin Resource Sharing, fetch.spec.whatwg.org section
/// 3.2). Used on the router itself it answers preflight requests and marks every answer, refusals included:
///
/// ```swift
/// router.use(CORS(origins: .only(["https://app.example"])).middleware)
/// ```
///
/// Origins that are not allowed get their answer without the mark, and the browser keeps it from the page. CORS protects users
/// of browsers; it is no admission.
public struct CORS: Sendable {
    /// Who may.
    public enum Origins: Sendable {
        /// Pages from anywhere, without credentials (cookies, client certificates, HTTP authentication of the browser).
        case any
        /// Pages of these origins, each written as browsers do: `https://app.example`, `http://localhost:3000`. With
        /// `credentials`, those of the browser come along: only for origins that you run yourself.
        case only(Set<String>, credentials: Bool = false)
    }

    /// Who may.
    public var origins: Origins
    /// Which methods.
    public var methods: [HTTPRequest.Method]
    /// Which header fields a page may send beside those that are always allowed.
    public var headerFields: [HTTPField.Name]
    /// Which header fields of an answer a page may read beside those that it always may.
    public var exposedHeaderFields: [HTTPField.Name]
    /// How long a browser may remember the answer to a preflight request. Chromium caps it at two hours.
    public var maxAge: Duration

    /// Lets these origins use what this library's answers and requests carry.
    public init(
        origins: Origins,
        methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete],
        headerFields: [HTTPField.Name] = Self.usualHeaderFields,
        exposedHeaderFields: [HTTPField.Name] = Self.usualExposedHeaderFields,
        maxAge: Duration = .seconds(600)
    ) {
        self.origins = origins
        self.methods = methods
        self.headerFields = headerFields
        self.exposedHeaderFields = exposedHeaderFields
        self.maxAge = maxAge
    }

    /// What this library reads from requests.
    public static let usualHeaderFields: [HTTPField.Name] = [
        .authorization, .contentType, .ifMatch, .ifNoneMatch, .known("Idempotency-Key"), .known("X-Request-ID"),
    ]

    /// What this library says in answers.
    public static let usualExposedHeaderFields: [HTTPField.Name] = [
        .eTag, .location, .retryAfter, .known("Idempotency-Replayed"), .known("Link"), .known("X-Request-ID"),
    ]

    /// Put it in front of everything: `router.use(cors.middleware)`.
    public var middleware: Middleware {
        let methods = methods.map(\.rawValue).joined(separator: ", ")
        let fields = headerFields.map(\.rawName).joined(separator: ", ")
        let exposed = exposedHeaderFields.map(\.rawName).joined(separator: ", ")
        let maxAge = String(maxAge.components.seconds)
        return { [origins] next in
            { request in
                let allowed = request.value(of: .origin).flatMap { origins.allowed($0) }
                let isPreflight = request.method == .options && request.value(of: .accessControlRequestMethod) != nil
                var response = isPreflight && allowed != nil ? Response.noContent : try next(request)
                origins.addVary(to: &response.headerFields)
                guard let allowed else { return response }
                response.headerFields[.accessControlAllowOrigin] = allowed
                if origins.allowCredentials { response.headerFields[.accessControlAllowCredentials] = "true" }
                if isPreflight {
                    response.headerFields[.accessControlAllowMethods] = methods
                    response.headerFields[.accessControlAllowHeaders] = fields
                    response.headerFields[.accessControlMaxAge] = maxAge
                } else {
                    response.headerFields[.accessControlExposeHeaders] = exposed
                }
                return response
            }
        }
    }
}

extension CORS.Origins {
    /// What an allowed origin is told.
    fileprivate func allowed(_ origin: String) -> String? {
        switch self {
        case .any: "*"
        case .only(let origins, _): origins.contains(origin) ? origin : nil
        }
    }

    fileprivate var allowCredentials: Bool {
        if case .only(_, credentials: true) = self { true } else { false }
    }

    /// A cache must not give one origin's answer to another (RFC 9110 section 12.5.5).
    fileprivate func addVary(to fields: inout HTTPFields) {
        guard case .only = self else { return }
        fields[.vary] = fields[.vary].map { $0 + ", Origin" } ?? "Origin"
    }
}
