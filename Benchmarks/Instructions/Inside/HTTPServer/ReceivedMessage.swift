/// A request's bytes, which the engine's reader reads again and again, in the memory it used before, as a worker does.
public final class ReceivedMessage {
    private let record: RequestRecord
    private let bytes: InputBlock
    private let dispatcher: Dispatcher
    private let limits = HeadParser.Limits(ServerConfiguration())

    /// Bytes that hold one request, for a server with these routes.
    public init(_ text: String, router: Router = Router()) {
        bytes = InputBlock(copying: Array(text.utf8))
        let routes = RouteTable(router)
        dispatcher = Dispatcher(routes: routes)
        record = RequestRecord(
            context: ServerContext(routes: routes, trustedProxies: []),
            input: InputBlock(copying: Array(text.utf8))
        )
    }

    private func readAgain() throws(RequestError) -> Int {
        record.reset()
        var reader = RequestReader(for: record)
        reader.maxBodySize = 1024 * 1024
        var end = bytes.capacity
        guard try reader.readHead(of: record, until: end, limits: limits) else { preconditionFailure("no whole head") }
        // Chunk framing is taken out where it stands: put it back.
        if record.head.isChunked { record.input.copy(0..<end, of: bytes) }
        guard let next = try reader.readBody(of: record, until: &end, limits: limits) else {
            preconditionFailure("no whole body")
        }
        return next
    }

    /// Reads head and body.
    /// - Returns: Where the request ends.
    public func read() throws -> Int { try readAgain() }

    /// Reads what is to be refused.
    /// - Returns: The status it is refused with.
    public func refuse() -> Int {
        do throws(RequestError) {
            _ = try readAgain()
            preconditionFailure("the request was not refused")
        } catch {
            return error.status
        }
    }

    /// Finds the route of the request that was read.
    /// - Returns: Its number, -1 for none.
    public func route() -> Int {
        dispatcher.route(record)
        return record.routeIndex
    }

    /// The request that was read.
    public var request: Request { Request(record: record) }

    /// The request that was read, as if it had been answered.
    public var exchange: Exchange {
        record.isUnderstood = true
        record.status = 200
        return Exchange(record: record)
    }
}
