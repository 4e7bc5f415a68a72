import Linux

/// All that is known of each route while a server runs, in one table: what a ``Router`` says, joined with the
/// configuration where the router leaves something to it.
///
/// A request carries the index of its route (``RequestRecord/routeIndex``); -1 stands for the server's own answers, such
/// as 404, which have limits too.
final class RouteTable: Sendable {
    /// A route with nothing left open.
    struct Entry: Sendable {
        let route: Route
        /// Nanoseconds from the request's completion to its deadline.
        let timeout: Int64
        /// Bytes.
        let maxBodySize: Int

        var admission: [Admission] { route.admission }
        var handler: Handler { route.handler }
        /// The handler and its refusals in the middleware of the whole service; `nil` without any.
        var wrapped: Answer? { route.wrapped }
    }

    /// No configuration allows larger bodies: they are held in memory, and places in them are 32-bit numbers.
    private static let mostBodySize = 1 << 30

    private let entries: [Entry]
    private let trie: RouteTrie
    /// For requests that match no route.
    private let timeout: Int64
    private let maxBodySize: Int
    private let wrapped: Answer?

    init(_ router: Router = Router(), _ configuration: ServerConfiguration = ServerConfiguration()) {
        let (timeout, maxBodySize) = (configuration.requestTimeout, min(configuration.maxBodySize, Self.mostBodySize))
        entries = router.routes.map { route in
            Entry(
                route: route,
                timeout: (route.timeout ?? timeout).nanoseconds,
                maxBodySize: min(route.maxBodySize ?? maxBodySize, maxBodySize)
            )
        }
        trie = RouteTrie(router.routes)
        self.timeout = timeout.nanoseconds
        self.maxBodySize = maxBodySize
        wrapped = router.wrapped
    }

    /// The route of an index that is not -1.
    subscript(index: Int) -> Entry { entries[index] }

    /// How long an answer may take, in nanoseconds.
    func timeout(of index: Int) -> Int64 { index < 0 ? timeout : entries[index].timeout }

    /// The largest body that is read, in bytes.
    func maxBodySize(of index: Int) -> Int { index < 0 ? maxBodySize : entries[index].maxBodySize }

    /// What answers in place of ``Dispatcher/respond(to:)`` where the service has middleware.
    func wrapped(of index: Int) -> Answer? { index < 0 ? wrapped : entries[index].wrapped }

    /// Finds who answers.
    /// - Parameters:
    ///   - path: Decoded; begins with `/`.
    ///   - method: The method.
    ///   - match: Gets the parameters' places.
    func match(_ path: Span<UInt8>, _ method: RequestMethod, into match: inout PathMatch) -> RouteTrie.Verdict {
        trie.match(path, method, into: &match)
    }

    /// What `OPTIONS *` is answered.
    var serverOptions: RouteTrie.Verdict { trie.serverOptions }
}
