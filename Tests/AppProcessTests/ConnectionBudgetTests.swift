import Glibc
import SQL
import TestDatabases
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The connections of a database server", .needs(.postgres))
    struct ConnectionBudgetTests {
        /// A server that has 30 connections for ordinary users, and a role that may have 12 of them.
        private func smallServer() throws -> PostgreSQLServer {
            let server = try PostgreSQLServer(["max_connections": "33", "superuser_reserved_connections": "3"])
            try server.administrate("CREATE ROLE guest LOGIN CONNECTION LIMIT 12")
            return server
        }

        private func environment(_ server: PostgreSQLServer, _ given: [String: String]) throws -> [String: String] {
            ["DATABASE_URL": server.url(of: "postgres").description].merging(given) { $1 }
        }

        @Test("are asked for at the start, and said; auto has as many threads as they are enough for")
        func said() throws {
            let server = try smallServer()
            let service = try Service(.app, environment: environment(server, ["WEB_CONCURRENCY": "2"]))
            let said = try #require(service.log.events.first { $0.message == "database connections" })
            #expect(said["available"]?.int == 30)
            #expect(said["threads"]?.int == 7)
            #expect(said["needed"]?.int == 30)
            #expect(said["pooled"]?.string == "no")
            #expect(try service.answer(.get("/v1/rooms")).status == 200)

            // One more would have no connections: it is not started, and the log says why.
            let mark = service.log.mark
            service.signal(SIGTTIN)
            let limited = try service.log.wait(for: "size limited", after: mark)
            #expect(limited["because"]?.string == "the database's 30 connections are enough for 2 workers")
            #expect(service.workers.count == 2)
            service.stop()
        }

        @Test("of which the settings ask for too many: the start is refused, with numbers that fit")
        func refused() throws {
            let server = try smallServer()
            let asked = try environment(server, ["WEB_CONCURRENCY": "4", "WEB_THREADS": "5"])
            let directory = try TemporaryDirectory()
            let done = try Finished.running(
                Binary.app.command("serve"),
                environment: Service.environment(in: directory, asked)
            )
            #expect(done.exit == .code(78))
            #expect(done.output.contains("too few database connections"))
            #expect(
                done.output.contains(
                    "need 40, and there are 30: set WEB_CONCURRENCY to 2 or less, or set WEB_THREADS to 3"
                )
            )

            let fitting = try Service(.app, environment: asked.merging(["WEB_THREADS": "3"]) { $1 })
            fitting.stop()
        }

        @Test("are what the role may have, and what the operator says, where that is less")
        func limits() throws {
            let server = try smallServer()
            let url = server.url(of: "postgres").description
            try Service.prepare(.app, Service.environment(in: TemporaryDirectory(), ["DATABASE_URL": url]))
            try server.administrate("GRANT ALL ON ALL TABLES IN SCHEMA public TO guest")
            for (given, available) in [
                (["DATABASE_URL": url.replacing("panal@", with: "guest@")], 12), (["DATABASE_CONNECTIONS": "10"], 10),
            ] {
                let asked = try environment(server, ["WEB_CONCURRENCY": "1"]).merging(given) { $1 }
                let service = try Service(.app, environment: asked, migrates: false)
                let said = try #require(service.log.events.first { $0.message == "database connections" })
                #expect(said["available"]?.int == available)
                #expect(said["threads"]?.int == available / 2 - 3)
                #expect(try service.answer(.get("/v1/rooms")).status == 200)
                service.stop()
            }
        }

        @Test("of a server that is down stop no start")
        func serverDown() throws {
            let directory = try TemporaryDirectory()
            let asked = ["DATABASE_URL": "postgres://panal@/app?host=\(directory.path)", "WEB_CONCURRENCY": "100"]
            let service = try Service(.app, environment: asked, in: directory, migrates: false)
            let said = try #require(service.log.events.first { $0.message.contains("not known how many connections") })
            #expect(said.level == "warning")
            #expect(said["reason"]?.string?.contains("no connection") == true)
            #expect(try service.answer(.get("/livez")).status == 200)
            let refusal = try service.answer(.get("/v1/rooms"))
            #expect(refusal.status == 503)
            #expect(refusal["Retry-After"] != nil)
            service.stop()
        }
    }
}
