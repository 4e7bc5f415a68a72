import HTTPServer
import HTTPTypes

extension Service {
    /// All routes of the service: its own, health, the problems' explanations, and the index of them all. Its own come first,
    /// so that middleware it uses for the whole service wraps the others, too.
    static func router(_ dependencies: Dependencies<Settings>) -> Router {
        let access = dependencies.access
        var router = Router(admission: access.admission)
        if let fields = access.limiters.fields { router.use(fields) }
        addRoutes(to: &router, dependencies)
        router.access = .open
        // Probes are asked for nothing, and never limited.
        router.admission = []
        router.addHealth(dependencies)
        router.admission = access.admission
        router.addProblems(ProblemKind.common + problems)
        router.addIndex(of: info)
        return router
    }
}

extension Router {
    /// `GET /`: what can be asked here, for whoever opens the service in a browser. Unless the service has one of its own.
    fileprivate mutating func addIndex(of service: ServiceInfo) {
        guard !routes.contains(where: { $0.pattern == "/" && $0.method == .get }) else { return }
        let listing = routes.map { "\($0.method.rawValue) \($0.pattern)\n" }.joined()
        get("/") { _ in .text("\(service.name)\n\n" + listing) }
    }
}
