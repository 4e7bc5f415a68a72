import Glibc
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

/// Several instances of the service on one database, as on several hosts.
final class Cluster {
    let server: PostgreSQLServer
    /// The database, for whoever looks into it.
    let database: DatabaseURL
    private(set) var services: [Service] = []

    /// - Parameter url: Where the instances find the database, when that is not where the test does.
    init(
        _ instances: Int,
        on server: PostgreSQLServer,
        environment: [String: String] = [:],
        at url: (_ database: String) -> String? = { _ in nil }
    ) throws {
        self.server = server
        let name = try server.makeDatabase()
        database = server.url(of: name)
        for number in 0..<instances {
            let given = ["DATABASE_URL": url(name) ?? database.description].merging(environment) { $1 }
            services.append(try Service(.app, environment: given, migrates: number == 0))
        }
    }

    /// The hotel, as each of them shows it.
    func hotel() throws -> Hotel { try Hotel(of: services[0]) }

    /// Kills all processes of an instance at once, as a host that loses its power.
    func kill(_ instance: Int) {
        let service = services[instance]
        for pid in [service.supervisor] + service.workers { Glibc.kill(pid, SIGKILL) }
        _ = service.waitForExit()
    }

    /// Starts an instance anew, at the same address.
    func restart(_ instance: Int) throws {
        let port = "\(services[instance].port)"
        let environment = services[instance].environment.merging(["PORT": port]) { $1 }
        services[instance] = try Service(.app, environment: environment, migrates: false)
    }

    /// Rolls an instance, or replaces its program, and waits for the end of that.
    func roll(_ instance: Int, by signal: Int32 = SIGHUP) throws {
        let mark = services[instance].log.mark
        services[instance].signal(signal)
        try services[instance].log.wait(for: "roll finished", after: mark)
    }

    /// Whether all of them say that they are ready, by the deadline.
    func isReady(by deadline: Deadline = .generous) -> Bool {
        services.allSatisfy { service in
            eventually(by: deadline) { service.ask(.get("/readyz"), timeout: 5).status == 200 }
        }
    }

    func stop() { for service in services { service.stop() } }

    /// A number that the database knows.
    func count(_ sql: String) throws -> Int { try SQL.Database(database).first(sql, as: Int.self) ?? -1 }
}
