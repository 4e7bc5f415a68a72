import HTTPServer
import HTTPTypes
import Prefork
import SQL
import Stays
import Values

extension Router {
    /// All routes of the service.
    init(_ services: Services) {
        self.init()
        addHealth(services)
        addProblems()
        group("/v1", admission: [apiKeyRequired(services.apiKeys)]) { v1 in
            v1.addRooms(services)
            v1.addBookings(services)
        }
        addIndex()
    }
}

extension Services {
    /// The calling thread's database, told until when this request may wait.
    func database(for request: Request) -> Database {
        let database = databases.current
        database.deadline = request.deadline
        return database
    }

    /// The calling thread's store, told until when this request may wait.
    func store(for request: Request) -> any StayStore {
        store(database(for: request))
    }

    /// Each API key is a client of its own, and all are one where the service has no keys.
    func idempotencyScope(of request: Request) throws -> IdempotencyScope {
        guard !apiKeys.isEmpty else { return .anonymous }
        // A route that asks nobody for a key has no business here: better no answer than a scope that others share.
        guard let key = request[APIKey.self] else { throw Problem(.unauthorized) }
        guard let scope = IdempotencyScope(key.fingerprint) else {
            preconditionFailure("a key's fingerprint is no scope")
        }
        return scope
    }

    /// Whether the calling thread's store can serve, reported to whoever keeps the log.
    func readiness(for request: Request) -> DatabaseReadiness {
        let readiness = self.readiness(database(for: request))
        noteReadiness(readiness)
        return readiness
    }
}
