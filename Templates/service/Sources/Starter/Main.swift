import HTTPServer
import ItemsStore
import Panal
import SQL

@main
struct Starter: Service {
    static let info = ServiceInfo(
        name: "starter",
        summary: "Keeps items.",
        revision: BuildInfo.revision,
        date: BuildInfo.date,
        packages: BuildInfo.packages
    )
    static let defaults = ["DATABASE_URL": "sqlite:data/starter.sqlite"]
    static let migrations: [Migration]? = SQLItemStore.migrations

    static func addRoutes(to router: inout Router, _ dependencies: Dependencies<NoSettings>) {
        router.group("/v1") { v1 in
            v1.addItems(now: dependencies.now) { request in SQLItemStore(dependencies.database(for: request)) }
        }
    }
}
