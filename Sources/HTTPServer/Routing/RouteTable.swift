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
        /// Whether somebody is asked before its body is read.
        let hasAdmission: Bool
        let execution: RouteExecution
        let streamsBody: Bool
    }

    /// No configuration allows larger bodies: they are held in memory, and places in them are 32-bit numbers.
    private static let mostBodySize = 1 << 30

    private let entries: [Entry]
    private let trie: RouteTrie
    /// For requests that match no route.
    private let timeout: Int64
    private let maxBodySize: Int
    private let wrapped: Answer?
    /// Whether the service has middleware around all its answers.
    let isWrapped: Bool

    init(_ router: Router = Router(), _ configuration: ServerConfiguration = ServerConfiguration()) {
        let (timeout, maxBodySize) = (configuration.requestTimeout, min(configuration.maxBodySize, Self.mostBodySize))
        entries = router.routes.map { route in
            Entry(
                route: route,
                timeout: (route.timeout ?? timeout).nanoseconds,
                maxBodySize: min(route.maxBodySize ?? maxBodySize, maxBodySize),
                hasAdmission: !route.admission.isEmpty,
                execution: route.execution,
                streamsBody: route.body == .streamed
            )
        }
        trie = RouteTrie(router.routes)
        self.timeout = timeout.nanoseconds
        self.maxBodySize = maxBodySize
        wrapped = router.wrapped
        isWrapped = router.wrapped != nil
    }

    /// What a ``Router`` says of the route.
    @inline(__always)
    func route(_ index: Int) -> Route { entries[index].route }

    /// Whether somebody is asked before the body is read.
    @inline(__always)
    func hasAdmission(_ index: Int) -> Bool { index >= 0 && entries[index].hasAdmission }

    /// How many routes there are.
    var count: Int { entries.count }

    /// Whether it has a thread of its own from the beginning.
    @inline(__always)
    func isBlocking(_ index: Int) -> Bool {
        index >= 0 && (entries[index].execution == .blocking || entries[index].streamsBody)
    }

    /// Whether its handler reads the body itself.
    @inline(__always)
    func streamsBody(_ index: Int) -> Bool { index >= 0 && entries[index].streamsBody }

    /// Whether it is answered although no thread is free. What the server itself answers, such as 404, is.
    @inline(__always)
    func isUrgent(_ index: Int) -> Bool { index < 0 || entries[index].execution == .urgent }

    /// How long an answer may take, in nanoseconds.
    @inline(__always)
    func timeout(of index: Int) -> Int64 { index < 0 ? timeout : entries[index].timeout }

    /// The largest body that is read, in bytes.
    @inline(__always)
    func maxBodySize(of index: Int) -> Int { index < 0 ? maxBodySize : entries[index].maxBodySize }

    /// What answers in place of ``Dispatcher/respond(to:)`` where the service has middleware.
    func wrapped(of index: Int) -> Answer? { index < 0 ? wrapped : entries[index].route.wrapped }

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
