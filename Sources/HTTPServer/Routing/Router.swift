public import HTTPTypes

/// The routes of a service: which handler answers which method and path.
///
/// A pattern is a path whose segments are literal or `{name}`, which matches one segment whole. Literal segments win
/// over parameters. Empty segments (`//`, a trailing `/`) match nothing. HEAD is answered by the GET route, OPTIONS by
/// 204 with `Allow`, unless a route of their own says otherwise; a known path with another method is 405 with `Allow`.
///
/// ```swift
/// var router = Router()
/// router.get("/v1/rooms/{id}") { request in … }
/// router.group("/v1/bookings", admission: [apiKey]) { bookings in
///     bookings.post(timeout: .seconds(5), maxBodySize: 64 * 1024) { request in … }
/// }
/// ```
public struct Router: Sendable {
    /// All routes in the order they were added, as `App routes` lists them.
    public private(set) var routes: [Route] = []

    private let prefix: String
    private var admission: [Admission]
    private var middleware: [Middleware]

    /// A router without routes.
    public init() {
        self.init(prefix: "", admission: [], middleware: [])
    }

    private init(prefix: String, admission: [Admission], middleware: [Middleware]) {
        self.prefix = prefix
        self.admission = admission
        self.middleware = middleware
    }

    /// Wraps every route added from here on. What was used first is outermost. Requests that match no route meet no
    /// middleware.
    public mutating func use(_ middleware: @escaping Middleware) {
        self.middleware.append(middleware)
    }

    /// Adds the routes of `build` under a prefix, inside the middleware used so far and `use`. Their requests are asked for
    /// `admission` in this order before their bodies are read, after that of enclosing groups.
    public mutating func group(
        _ prefix: String = "",
        admission: [Admission] = [],
        use middleware: [Middleware] = [],
        _ build: (inout Router) throws -> Void
    ) rethrows {
        var group = Router(
            prefix: self.prefix + prefix,
            admission: self.admission + admission,
            middleware: self.middleware + middleware
        )
        try build(&group)
        for route in group.routes { append(route) }
    }

    /// Adds a route.
    /// - Parameters:
    ///   - method: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.
    ///   - pattern: See ``Router``; it is appended to the group's prefix.
    ///   - timeout: In place of ``ServerConfiguration/requestTimeout``.
    ///   - maxBodySize: The largest body this route takes, in bytes, if that is less than
    ///     ``ServerConfiguration/maxBodySize``.
    ///   - handler: Answers the request.
    public mutating func on(
        _ method: HTTPRequest.Method,
        _ pattern: String = "",
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        use handler: @escaping Handler
    ) {
        let pattern = prefix + pattern
        guard let method = RequestMethod(method), method.isRoutable else {
            preconditionFailure("\(method) \(pattern): there are no routes for this method")
        }
        append(
            Route(
                requestMethod: method,
                segments: Route.segments(of: pattern),
                pattern: pattern,
                timeout: timeout,
                maxBodySize: maxBodySize,
                admission: admission,
                handler: middleware.reversed().reduce(handler) { handler, middleware in middleware(handler) }
            )
        )
    }

    /// Adds a route for GET, and for HEAD.
    public mutating func get(
        _ pattern: String = "",
        timeout: Duration? = nil,
        use handler: @escaping Handler
    ) {
        on(.get, pattern, timeout: timeout, use: handler)
    }

    /// Adds a route for POST.
    public mutating func post(
        _ pattern: String = "",
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        use handler: @escaping Handler
    ) {
        on(.post, pattern, timeout: timeout, maxBodySize: maxBodySize, use: handler)
    }

    /// Adds a route for PUT.
    public mutating func put(
        _ pattern: String = "",
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        use handler: @escaping Handler
    ) {
        on(.put, pattern, timeout: timeout, maxBodySize: maxBodySize, use: handler)
    }

    /// Adds a route for PATCH.
    public mutating func patch(
        _ pattern: String = "",
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        use handler: @escaping Handler
    ) {
        on(.patch, pattern, timeout: timeout, maxBodySize: maxBodySize, use: handler)
    }

    /// Adds a route for DELETE.
    public mutating func delete(
        _ pattern: String = "",
        timeout: Duration? = nil,
        use handler: @escaping Handler
    ) {
        on(.delete, pattern, timeout: timeout, use: handler)
    }

    private mutating func append(_ route: Route) {
        precondition(
            !routes.contains { $0.requestMethod == route.requestMethod && $0.matchesSamePaths(as: route) },
            "\(route.method) \(route.pattern) is routed twice"
        )
        routes.append(route)
    }
}
