import ArgumentParser
import HTTPServer
import Jobs
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
        date: BuildInfo.date,
        packages: BuildInfo.packages
    )
    static let defaults = ["DATABASE_URL": "sqlite:data/stays.sqlite"]
    static let migrations: [Migration]? = StaysStore.migrations
    static let problems = [ProblemKind.nightsTaken]
    static let commands: [any ParsableCommand.Type] = [Seed.self]

    static func addRoutes(to router: inout Router, _ dependencies: Dependencies<Settings>) {
        // Without somebody to tell nothing is kept to be told.
        let news = Webhook(dependencies.settings).map { _ in dependencies.now }
        var hotel = Hotel(
            store: { request in StaysStore(dependencies.database(for: request), newsAt: news) },
            now: dependencies.now
        )
        if !dependencies.settings.partners.isEmpty {
            hotel.partners = { request in HTTPPartners(dependencies: dependencies, request: request) }
        }
        router.addHotel(hotel)
    }

    static func addJobs(to jobs: inout JobHandlers, _ dependencies: Dependencies<Settings>) {
        if let webhook = Webhook(dependencies.settings) {
            jobs.on(BookingNews.self) { news, job in
                let client = dependencies.client(for: job)
                try webhook.tell(news, id: job.idempotencyID, at: dependencies.now(), by: client)
            }
        }
        jobs.every(.hours(1), "sweep-idempotency-keys") { job in
            try dependencies.database(for: job).deleteExpiredIdempotencyKeys(at: dependencies.now())
        }
    }
}
