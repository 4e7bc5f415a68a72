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
/// router.group("/v1/bookings", admission: [onlyOnWeekdays]) { bookings in
///     bookings.post(timeout: .seconds(5), maxBodySize: 64 * 1024) { request in … }
/// }
/// ```
public struct Router: Sendable {
    /// All routes in the order they were added, as `App routes` lists them.
    public private(set) var routes: [Route] = []

    /// What the server answers itself, such as 404, and refusals of routes, in the middleware of the whole service; `nil`
    /// without any.
    private(set) var wrapped: Answer?

    private let isGroup: Bool
    private let prefix: String
    /// Asked by every route that is added from here on, in this order, after that of enclosing groups.
    package var admission: [Admission]
    /// Who may ask the routes that are added from here on, unless their group says otherwise.
    package var access: RouteAccess
    /// Of the group, or of the whole service.
    private var middleware: [Middleware]

    /// A router without routes.
    /// - Parameter admission: Asked by all its routes.
    public init(admission: [Admission] = []) {
        isGroup = false
        prefix = ""
        self.admission = admission
        access = .byMethod
        middleware = []
    }

    private init(
        groupIn outer: Router,
        prefix: String,
        access: RouteAccess?,
        admission: [Admission],
        middleware: [Middleware]
    ) {
        isGroup = true
        self.prefix = outer.prefix + prefix
        self.admission = outer.admission + admission
        self.access = access ?? outer.access
        self.middleware = (outer.isGroup ? outer.middleware : []) + middleware
        wrapped = outer.wrapped
    }

    /// Wraps every route added from here on. What was used first is outermost.
    ///
    /// Used on the router itself and not in a group, a middleware is the whole service's: it sees every answer, also those
    /// that no route gives (404, 405, OPTIONS), those to requests that were not admitted or were refused for their size or
    /// slowness, and those for errors that handlers threw. Its `next` never throws. Only requests whose head could not be
    /// understood, such as one without `Host`, pass it by.
    ///
    /// In a group it sees the requests that reach the group's routes, behind their admission; what the handler throws comes
    /// out of `next`.
    public mutating func use(_ middleware: @escaping Middleware) {
        self.middleware.append(middleware)
        guard !isGroup else { return }
        wrapped = self.middleware.reversed().reduce(Dispatcher.respond) { next, middleware in
            let handler = middleware(next)
            return { request in Dispatcher.response(to: request, from: handler) }
        }
    }

    /// Adds the routes of `build` under a prefix, inside the middleware used so far and `use`. Their requests are asked for
    /// `admission` in this order before their bodies are read, after that of enclosing groups.
    /// `access` says who may ask them; `nil` leaves it to the enclosing group.
    public mutating func group(
        _ prefix: String = "",
        access: RouteAccess? = nil,
        admission: [Admission] = [],
        use middleware: [Middleware] = [],
        _ build: (inout Router) throws -> Void
    ) rethrows {
        var group = Router(
            groupIn: self,
            prefix: prefix,
            access: access,
            admission: admission,
            middleware: middleware
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
    ///   - execution: Where its handler runs.
    ///   - body: How its handler gets the body.
    ///   - documentation: See ``Route/documentation``.
    ///   - handler: Answers the request.
    public mutating func on(
        _ method: HTTPRequest.Method,
        _ pattern: String = "",
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        execution: RouteExecution = .adaptive,
        body: RouteBody = .whole,
        documentation: (any Sendable)? = nil,
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
                execution: execution,
                body: body,
                documentation: documentation,
                access: access,
                admission: admission,
                handler: isGroup
                    ? middleware.reversed().reduce(handler) { handler, middleware in middleware(handler) } : handler,
                wrapped: wrapped
            )
        )
    }

    /// Adds a route for GET, and for HEAD.
    public mutating func get(
        _ pattern: String = "",
        timeout: Duration? = nil,
        execution: RouteExecution = .adaptive,
        use handler: @escaping Handler
    ) {
        on(.get, pattern, timeout: timeout, execution: execution, use: handler)
    }

    /// Adds a route for POST.
    public mutating func post(
        _ pattern: String = "",
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        execution: RouteExecution = .adaptive,
        body: RouteBody = .whole,
        use handler: @escaping Handler
    ) {
        on(.post, pattern, timeout: timeout, maxBodySize: maxBodySize, execution: execution, body: body, use: handler)
    }

    /// Adds a route for PUT.
    public mutating func put(
        _ pattern: String = "",
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        execution: RouteExecution = .adaptive,
        body: RouteBody = .whole,
        use handler: @escaping Handler
    ) {
        on(.put, pattern, timeout: timeout, maxBodySize: maxBodySize, execution: execution, body: body, use: handler)
    }

    /// Adds a route for PATCH.
    public mutating func patch(
        _ pattern: String = "",
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        execution: RouteExecution = .adaptive,
        body: RouteBody = .whole,
        use handler: @escaping Handler
    ) {
        on(.patch, pattern, timeout: timeout, maxBodySize: maxBodySize, execution: execution, body: body, use: handler)
    }

    /// Adds a route for DELETE.
    public mutating func delete(
        _ pattern: String = "",
        timeout: Duration? = nil,
        execution: RouteExecution = .adaptive,
        use handler: @escaping Handler
    ) {
        on(.delete, pattern, timeout: timeout, execution: execution, use: handler)
    }

    private mutating func append(_ route: Route) {
        precondition(
            !routes.contains { $0.requestMethod == route.requestMethod && $0.matchesSamePaths(as: route) },
            "\(route.method) \(route.pattern) is routed twice"
        )
        routes.append(route)
    }
}
