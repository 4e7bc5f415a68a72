public import HTTPTypes

extension Request {
    /// A request as if it had come over a connection: for tests of handlers and routers without a socket. The same
    /// rules hold as on the wire.
    /// - Parameters:
    ///   - method: The method.
    ///   - target: The request target, escapes and query included.
    ///   - headerFields: Fields beside `Host` and `Content-Length`, which are made up where missing.
    ///   - body: The body.
    /// - Throws: The ``Problem`` that the server would have answered.
    public init(
        _ method: HTTPRequest.Method = .get,
        _ target: String,
        headerFields: HTTPFields = [:],
        body: [UInt8] = []
    ) throws(Problem) {
        throw Problem(.notImplemented)
    }
}

extension Router {
    /// What the server would answer to this request, without a socket: the route's handler in its middleware, or the
    /// problem document for what was thrown. HEAD still has its body here.
    public func respond(to request: Request) -> Response {
        Problem(.notImplemented).response(requestID: request.id)
    }
}
