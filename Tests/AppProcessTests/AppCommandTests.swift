import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The hotel's commands")
    struct AppCommandTests {
        let directory: TemporaryDirectory
        let environment: [String: String]

        init() throws {
            directory = try TemporaryDirectory()
            environment = Service.environment(in: directory, [:])
        }

        func run(_ arguments: String...) throws -> Finished {
            try Finished.running(Binary.app.command() + arguments, environment: environment)
        }

        @Test("seeding twice makes one hotel")
        func seedTwice() throws {
            #expect(try run("migrate").exit == .code(0))
            #expect(try run("seed").exit == .code(0))
            let once = try contents()
            #expect(try run("seed").exit == .code(0))
            #expect(try contents() == once)
            #expect(once.values.contains { $0.count >= 2 }, "there are rooms")
        }

        /// Every row of every table.
        private func contents() throws -> [String: [[String]]] {
            let database = try Database(directory.path + "/service.sqlite")
            let tables = try database.query("SELECT name FROM sqlite_schema WHERE type = 'table'").map { $0[0] }
            return try Dictionary(
                uniqueKeysWithValues: tables.map { ($0, try database.query("SELECT * FROM \"\($0)\"")) }
            )
        }

        @Test("routes lists every endpoint")
        func routes() throws {
            let routes = try run("routes")
            #expect(routes.exit == .code(0))
            for route in [
                "/v1/rooms", "/v1/rooms/{id}", "/v1/availability", "/v1/bookings", "/v1/bookings/{id}", "/livez",
                "/readyz",
            ] {
                #expect(routes.output.contains(route), "\(route) is missing")
            }
        }

        @Test("the program is called panal, and stops as it was asked to")
        func serves() throws {
            let service = try Service(.app, workers: 2)
            #expect(ProcessTree.commandLine(of: service.supervisor).hasPrefix("panal: supervisor"))
            for worker in service.workers { #expect(ProcessTree.commandLine(of: worker).hasPrefix("panal: worker")) }
            service.stop()
        }
    }
}
