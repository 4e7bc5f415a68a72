public import HTTPTypes
import Linux

extension Request {
    /// A request as if it had come over a connection: for tests of handlers and routers without a socket. The rules and
    /// default limits of the wire hold here too.
    /// - Parameters:
    ///   - method: The method.
    ///   - target: The request target, escapes and query included.
    ///   - headerFields: Fields beside `Host` and `Content-Length`, which are made up where missing.
    ///   - body: The body.
    /// - Throws: The ``Problem`` that the server would have answered.
    public init(
        _ method: HTTPRequest.Method = .get,
        _ target: String,
        headerFields: HTTPFields = HTTPFields(),
        body: [UInt8] = []
    ) throws(Problem) {
        var text = "\(method.rawValue) \(target) HTTP/1.1\r\n"
        if headerFields[HTTPField.Name("Host")!] == nil { text += "Host: localhost\r\n" }
        if headerFields[.contentLength] == nil, !body.isEmpty { text += "Content-Length: \(body.count)\r\n" }
        for field in headerFields { text += "\(field.name.rawName): \(field.value)\r\n" }
        let bytes = Array((text + "\r\n").utf8) + body

        let configuration = ServerConfiguration()
        let limits = HeadParser.Limits(configuration)
        let record = RequestRecord(
            context: ServerContext(routes: RouteTable(), trustedProxies: []),
            input: InputBlock(copying: bytes)
        )
        var ids = RequestID.Sequence()
        record.madeID = ids.make()
        record.deadline = MonotonicInstant.now.nanoseconds + configuration.requestTimeout.nanoseconds
        var reader = RequestReader()
        var end = bytes.count
        do throws(RequestError) {
            reader.maxBodySize = .max
            guard try reader.readHead(of: record, until: end, limits: limits),
                try reader.readBody(of: record, until: &end, limits: limits) == bytes.count
            else { throw RequestError.malformed("The request is not one whole request.") }
        } catch {
            throw error.problem
        }
        self.init(record: record)
    }
}

extension Router {
    /// What the server would answer to this request, without a socket: the route's handler in its middleware, or the
    /// problem document for what was thrown. What the request carries already (``RequestContextKey``) stays with it. A body
    /// stays in the answer to HEAD.
    public func respond(to request: Request) -> Response {
        let routes = RouteTable(self)
        let record = RequestRecord(
            copying: request.record,
            context: ServerContext(
                routes: routes,
                trustedProxies: request.record.context.trustedProxies,
                proxyHeaders: request.record.context.proxyHeaders
            )
        )
        let dispatcher = Dispatcher(routes: routes)
        dispatcher.route(record)
        return dispatcher.answer(record)
    }
}
