import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("status")
    struct StatusTests {
        private func status(of service: Service, _ arguments: String...) throws -> Finished {
            let command = Binary.fixture.command("status", "--pid", "\(service.supervisor)") + arguments
            return try Finished.running(command, environment: service.environment)
        }

        private func json(of service: Service) throws -> JSON {
            let finished = try status(of: service, "--json")
            #expect(finished.exit == .code(0), "\(finished.errors)")
            return try JSON(finished.output.utf8)
        }

        private func route(_ name: String, in status: JSON) -> JSON? {
            status["routes"]?.array?.first { $0["route"]?.string == name }
        }

        @Test("shows the workers of a running service")
        func workers() throws {
            let service = try Service(workers: 2)
            for _ in 0..<20 { _ = try service.answer(.get("/sleep/1")) }
            // A worker counts a request when its answer has left.
            let isCounted = try eventually {
                let counts = try json(of: service)["workers"]?.array?.compactMap { $0["requests"]?.int }
                return counts?.reduce(0, +) == 20
            }
            #expect(isCounted)
            let status = try json(of: service)
            #expect(status["supervisor"]?.int == Int(service.supervisor))
            let workers = status["workers"]?.array ?? []
            #expect(Set(workers.compactMap { $0["pid"]?.int }) == Set(service.workers.map(Int.init)))
            #expect(workers.allSatisfy { $0["phase"]?.string == "ready" })
            #expect(workers.compactMap { $0["requests"]?.int }.reduce(0, +) == 20)
            let text = try self.status(of: service)
            #expect(text.exit == .code(0) && text.output.hasPrefix("supervisor \(service.supervisor)\n"), "\(text)")
            service.stop()
        }

        @Test("names the requests in flight")
        func inFlight() throws {
            let service = try Service(workers: 1)
            let connection = try service.connect()
            connection.send(Request.get("/sleep/2000", [("X-Request-ID", "slow-one")]).bytes)
            let isShown = eventually {
                let request = try? json(of: service)["workers"]?.array?.first?["inFlight"]?.array?.first
                return request?["requestId"]?.string == "slow-one" && request?["request"]?.string == "GET /sleep/2000"
            }
            #expect(isShown)
        }

        @Test("of several services asks for one of their supervisors, and a worker is none")
        func several() throws {
            let (first, second) = (try Service(workers: 1), try Service(workers: 1))
            let unnamed = try Finished.running(Binary.fixture.command("status"), environment: first.environment)
            #expect(unnamed.exit == .code(1))
            #expect(unnamed.errors.contains("\(first.supervisor)"), "\(unnamed.errors)")
            #expect(unnamed.errors.contains("\(second.supervisor)"), "\(unnamed.errors)")
            #expect(unnamed.errors.contains("--pid") && !unnamed.errors.contains("\(first.workers[0])"))
            for pid in [first.workers[0], getpid()] {
                let wrong = try Finished.running(
                    Binary.fixture.command("status", "--pid", "\(pid)"),
                    environment: first.environment
                )
                #expect(wrong.exit == .code(1) && wrong.errors.contains("\(pid) is no supervisor"), "\(wrong.errors)")
            }
        }

        @Test("finds the only service of its program, and says what to do when there is none")
        func found() throws {
            let directory = try TemporaryDirectory()
            let copy = directory.path + "/OnlyOne"
            _ = try Finished.running(["install", "-m", "755", Binary.fixture.path, copy])
            let command = User.ofService.launcher + [copy, "status"]
            let none = try Finished.running(command)
            #expect(none.exit == .code(1) && none.errors.contains("Run this as the user"), "\(none.errors)")
            let service = try Service(workers: 2, binary: copy)
            let one = try Finished.running(command)
            #expect(one.exit == .code(0) && one.output.hasPrefix("supervisor \(service.supervisor)\n"), "\(one)")
            service.stop()
        }
    }
}
