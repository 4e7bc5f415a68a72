public import HTTPServer
import HTTPTypes

/// Routes with what they take and answer; see ``Operation``.
extension Router {
    /// Adds a route for GET, and for HEAD.
    public mutating func get(
        _ pattern: String,
        _ operation: Operation,
        timeout: Duration? = nil,
        execution: RouteExecution = .adaptive,
        use handler: @escaping Handler
    ) {
        on(.get, pattern, timeout: timeout, execution: execution, documentation: operation, use: handler)
    }

    /// Adds a route for POST.
    public mutating func post(
        _ pattern: String,
        _ operation: Operation,
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        execution: RouteExecution = .adaptive,
        body: RouteBody = .whole,
        use handler: @escaping Handler
    ) {
        on(
            .post,
            pattern,
            timeout: timeout,
            maxBodySize: maxBodySize,
            execution: execution,
            body: body,
            documentation: operation,
            use: handler
        )
    }

    /// Adds a route for PUT.
    public mutating func put(
        _ pattern: String,
        _ operation: Operation,
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        execution: RouteExecution = .adaptive,
        body: RouteBody = .whole,
        use handler: @escaping Handler
    ) {
        on(
            .put,
            pattern,
            timeout: timeout,
            maxBodySize: maxBodySize,
            execution: execution,
            body: body,
            documentation: operation,
            use: handler
        )
    }

    /// Adds a route for PATCH.
    public mutating func patch(
        _ pattern: String,
        _ operation: Operation,
        timeout: Duration? = nil,
        maxBodySize: Int? = nil,
        execution: RouteExecution = .adaptive,
        body: RouteBody = .whole,
        use handler: @escaping Handler
    ) {
        on(
            .patch,
            pattern,
            timeout: timeout,
            maxBodySize: maxBodySize,
            execution: execution,
            body: body,
            documentation: operation,
            use: handler
        )
    }

    /// Adds a route for DELETE.
    public mutating func delete(
        _ pattern: String,
        _ operation: Operation,
        timeout: Duration? = nil,
        execution: RouteExecution = .adaptive,
        use handler: @escaping Handler
    ) {
        on(.delete, pattern, timeout: timeout, execution: execution, documentation: operation, use: handler)
    }
}
