import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The level and the format of the log")
    struct LogLevelTests {
        private func ask(_ method: String, _ target: String, of ops: OpsService) throws -> Answer {
            try ops.answer(Request(method: method, target: target))
        }

        @Test("can be changed for all workers at once, stays so for those to come, and is set back")
        func level() throws {
            let ops = try OpsService(workers: 2)
            let service = ops.service
            #expect(try ask("GET", "/log-level", of: ops).text == "info\n")

            var mark = service.log.mark
            #expect(try ask("POST", "/log-level?level=error", of: ops).text == "error\n")
            let change = try service.log.wait(for: "log level changed", after: mark)
            #expect(change["from"]?.string == "info")
            #expect(change["to"]?.string == "error")
            let former = service.log.requestCount
            for _ in 0..<20 { #expect(try service.answer(.get("/bytes/1")).status == 200) }
            // The supervisor is silent about a roll, and the workers that it brings about requests.
            let workers = service.workers
            service.signal(SIGHUP)
            #expect(eventually { Set(service.workers).isDisjoint(with: workers) && service.workers.count == 2 })
            for _ in 0..<20 { #expect(try service.answer(.get("/bytes/1")).status == 200) }
            #expect(service.log.requestCount == former)

            mark = service.log.mark
            #expect(try ask("DELETE", "/log-level", of: ops).text == "info\n")
            try service.log.wait(for: "log level changed", after: mark)
            #expect(try service.answer(.get("/bytes/2", [("X-Request-ID", "loud-again")])).status == 200)
            _ = try service.log.waitForRequest { $0["requestId"]?.string == "loud-again" }
            service.stop()
            #expect(service.log.requestCount == former + 1)
        }

        @Test("a level that does not exist is refused by its name, and nothing is changed")
        func unknownLevel() throws {
            let ops = try OpsService(workers: 1)
            let service = ops.service
            for target in ["/log-level?level=loud", "/log-level"] {
                let answer = try ask("POST", target, of: ops)
                #expect(answer.status == 422)
                #expect(answer.text.contains("\"level\""))
            }
            #expect(try ask("GET", "/log-level", of: ops).text == "info\n")
            service.stop()
        }

        @Test("LOG_FORMAT=text writes lines for people where no terminal is, without colours")
        func text() throws {
            let taken = try ListeningSocket()
            let directory = try TemporaryDirectory()
            func output(_ format: String) throws -> String {
                let environment = Service.environment(
                    in: directory,
                    [
                        "PORT": "\(taken.port)", "SHUTDOWN_TIMEOUT": "100ms", "REQUEST_TIMEOUT": "100ms",
                        "LOG_FORMAT": format,
                    ]
                )
                return try Finished.running(Binary.fixture.command("serve"), environment: environment).output
            }
            for format in ["auto", "json"] {
                #expect(try output(format).contains(#""level":"error","message":"cannot listen","reason":""#))
            }
            let text = try output("text")
            #expect(text.contains(/\d\d:\d\d:\d\d\.\d\d\d error cannot listen  reason=/))
            #expect(!text.contains("\u{1b}"))
            #expect(!text.contains("{"))
        }
    }
}
