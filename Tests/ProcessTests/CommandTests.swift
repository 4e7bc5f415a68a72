import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The one-off commands")
    struct CommandTests {
        let directory: TemporaryDirectory
        let environment: [String: String]

        init() throws {
            directory = try TemporaryDirectory()
            environment = Service.environment(in: directory, [:])
        }

        func run(_ arguments: String..., with more: [String: String] = [:]) throws -> Finished {
            try Finished.running(Binary.fixture.command() + arguments, environment: environment.merging(more) { $1 })
        }

        @Test("five migrations at once all succeed, and the next one finds nothing to do")
        func racingMigrations() throws {
            let environment = environment
            let exits = Crew.run(5) { _ in
                (try? Finished.running(Binary.fixture.command("migrate"), environment: environment))?.exit
            }
            #expect(exits == [Exit?](repeating: .code(0), count: 5))
            let database = try Database(directory.path + "/service.sqlite")
            let schema = try database.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name")
            #expect(try run("migrate").exit == .code(0))
            #expect(try database.query("SELECT type, name, sql FROM sqlite_schema ORDER BY name") == schema)
            #expect(try database.integrity() == "ok")
        }

        @Test("migrate --status tells before and after, and changes nothing")
        func status() throws {
            let before = try run("migrate", "--status")
            #expect(access(directory.path + "/service.sqlite", F_OK) != 0, "asking creates no database")
            #expect(try run("migrate").exit == .code(0))
            let after = try run("migrate", "--status")
            #expect(after.exit == .code(0))
            #expect(after.output != before.output)
        }

        @Test("config prints each key with its value")
        func config() throws {
            let config = try run("config", with: ["REQUEST_TIMEOUT": "1234ms"])
            #expect(config.exit == .code(0))
            for key in [
                "PORT", "HOST", "WEB_CONCURRENCY", "DATABASE_URL", "LOG_LEVEL", "REQUEST_TIMEOUT", "BOOT_TIMEOUT",
                "SHUTDOWN_TIMEOUT", "KEEPALIVE_TIMEOUT", "MAX_BODY_SIZE", "MAX_REQUESTS", "TRUSTED_PROXIES",
            ] {
                #expect(config.output.contains(key), "\(key) is missing")
            }
        }

        @Test("config reports faults as serve does")
        func faultyConfig() throws {
            let config = try run("config", with: ["PORT": "banana", "LOG_LEVEL": "shouting"])
            #expect(config.exit == .code(78))
            #expect((config.output + config.errors).contains("banana"))
            #expect((config.output + config.errors).contains("shouting"))
        }

        @Test("routes lists every endpoint")
        func routes() throws {
            let routes = try run("routes")
            #expect(routes.exit == .code(0))
            for route in ["/notes", "/notes/{name}", "/livez", "/readyz"] {
                #expect(routes.output.contains(route), "\(route) is missing")
            }
        }

        @Test("version says something and exits 0")
        func version() throws {
            let version = try run("version")
            #expect(version.exit == .code(0))
            #expect(!version.output.isEmpty)
        }

        @Test("an unknown command is refused with advice, not served")
        func unknown() throws {
            let unknown = try run("srve")
            #expect(unknown.exit != .code(0))
            #expect(!unknown.errors.isEmpty)
        }

        @Test("healthcheck is 0 for a service that answers, and not 0 when nobody does")
        func healthcheck() throws {
            let service = try Service()
            let port = "\(service.port)"
            #expect(try run("healthcheck", with: ["PORT": port]).exit == .code(0))
            service.stop()
            let without = try run("healthcheck", with: ["PORT": port])
            #expect(without.exit != .code(0))
            #expect(without.exit != .signal(SIGSEGV))
        }
    }
}
