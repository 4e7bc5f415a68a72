import ArgumentParser
import HTTPServer
import Panal
import SQL
import StaysStore

/// A hotel: the sample that shows how a service is written.
@main
struct App: Service {
    static let info = ServiceInfo(
        name: "panal",
        summary: "A microservice of identical worker processes, and its admin tasks.",
        revision: BuildInfo.revision,
        date: BuildInfo.date
    )
    static let defaults = ["DATABASE_URL": "sqlite:data/stays.sqlite"]
    static let migrations: [Migration]? = StaysStore.migrations
    static let problems = [ProblemKind.nightsTaken]
    static let commands: [any ParsableCommand.Type] = [Seed.self]

    static func addRoutes(to router: inout Router, _ dependencies: Dependencies<Settings>) {
        var hotel = Hotel(
            store: { request in StaysStore(dependencies.database(for: request)) },
            now: dependencies.now
        )
        if !dependencies.settings.partners.isEmpty {
            hotel.partners = { request in HTTPPartners(dependencies: dependencies, request: request) }
        }
        router.addHotel(hotel, admission: dependencies.apiKey)
    }
}
