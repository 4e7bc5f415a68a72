import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The process beside the workers, for who looks after the service")
    struct OpsTests {
        @Test("what a worker counted stays when it is killed")
        func killed() throws {
            let watched = try OpsService(workers: 1)
            for round in 1...5 {
                for _ in 0..<10 { #expect(try watched.service.answer(.get("/bytes/1")).status == 200) }
                #expect(try eventually { try watched.requests() == 10 * round })
                let mark = watched.service.log.mark
                kill(try #require(watched.service.workers.first), SIGKILL)
                try watched.service.log.wait(for: "worker ready", after: mark)
                #expect(try watched.requests() == 10 * round)
            }
            #expect(try watched.sum("panal_child_exits_total") == 5)
            watched.service.stop()
        }

        @Test("answers while all workers are stopped, and says what it sees")
        func stopped() throws {
            let watched = try OpsService(workers: 2)
            let workers = watched.service.workers
            for worker in workers { kill(worker, SIGSTOP) }
            defer { for worker in workers { kill(worker, SIGCONT) } }
            for _ in 0..<100 {
                #expect(try watched.answer(.get("/livez")).status == 200)
                #expect(try watched.answer(.get("/metrics")).text.contains("panal_workers{phase=\"ready\"} 2\n"))
            }
            let status = try watched.answer(.get("/workers")).text
            for worker in workers { #expect(status.contains("\"pid\":\(worker)")) }
        }

        @Test("that dies has a successor, and no worker is touched")
        func dies() throws {
            let watched = try OpsService()
            let workers = Set(watched.service.workers)
            let former = try #require(watched.process)
            let mark = watched.service.log.mark
            kill(former, SIGKILL)
            let exited = try watched.service.log.wait(for: "companion exited", after: mark)
            #expect(exited["process"]?.string == "ops process")
            #expect(eventually { watched.process.map { $0 != former } ?? false })
            #expect(try watched.answer(.get("/livez")).status == 200)
            #expect(Set(watched.service.workers) == workers)
            watched.service.stop()
        }

        @Test("is on the same port after an upgrade, and nobody who asks meanwhile is refused")
        func upgrade() throws {
            let watched = try OpsService()
            let former = try #require(watched.process)
            let load = Load(on: .port(watched.port), clients: 2, style: .oneShot) { _, _ in .get("/livez") }
            #expect(load.waitForAnswers(20))
            let mark = watched.service.log.mark
            watched.service.signal(SIGUSR2)
            try watched.service.log.wait(for: "roll finished", after: mark)
            #expect(eventually { watched.process.map { $0 != former } ?? false })
            #expect(load.waitForAnswers(20))
            let tally = load.stop()
            #expect(tally.failures == [] && tally.refused == 0)
            watched.service.stop()
        }

        @Test("says that the service is about to stop while it does, and leaves last")
        func stop() throws {
            let watched = try OpsService(workers: 1, ["DRAIN_DELAY": "30s"])
            #expect(try watched.answer(.get("/readyz")).status == 200)
            watched.service.signal(SIGTERM)
            try watched.service.log.wait(for: "stopping")
            // The log says it a moment before the scoreboard does.
            #expect(try eventually { try watched.answer(.get("/readyz")).status == 503 })
            #expect(try watched.answer(.get("/readyz")).text.contains("about to stop"))
            watched.service.signal(SIGQUIT)
            #expect(watched.service.waitForExit() != nil)
            #expect(watched.service.log.waitForEnd())
            #expect(watched.service.log.events("companion exited").count == 1)
        }

        @Test("says that the store is away, and that it is back")
        func store() throws {
            let watched = try OpsService()
            let path = watched.service.databasePath
            #expect(try eventually { try watched.answer(.get("/readyz")).status == 200 })
            #expect(rename(path, path + ".away") == 0)
            #expect(try eventually { try watched.answer(.get("/readyz")).status == 503 })
            #expect(rename(path + ".away", path) == 0)
            #expect(try eventually { try watched.answer(.get("/readyz")).status == 200 })
            watched.service.stop()
        }

        @Test("rolls and resizes the service when it is told to")
        func orders() throws {
            let watched = try OpsService(workers: 1)
            let mark = watched.service.log.mark
            #expect(try watched.answer(Request(method: "POST", target: "/roll", body: [])).status == 202)
            try watched.service.log.wait(for: "roll finished", after: mark)
            #expect(try watched.answer(Request(method: "POST", target: "/grow", body: [])).status == 202)
            try watched.service.log.wait(for: "size changed", after: mark)
            #expect(
                try eventually {
                    try watched.answer(.get("/metrics")).text.contains("panal_workers{phase=\"ready\"} 2\n")
                }
            )
            #expect(try watched.answer(.get("/roll")).status == 405)
            watched.service.stop()
        }

        @Test("is not open to web pages, nor by a name that anybody could have pointed here")
        func pages() throws {
            let watched = try OpsService(workers: 1)
            let page = Request(method: "POST", target: "/roll", fields: [("Origin", "https://example.org")], body: [])
            #expect(try watched.answer(page).status == 403)
            let connection = try Connection(to: watched.port)
            #expect(connection.send("GET /metrics HTTP/1.1\r\nHost: rebound.example.org\r\n\r\n"))
            guard case .answered(let answer) = connection.receive() else {
                Issue.record("no answer")
                return
            }
            #expect(answer.status == 403)
            watched.service.stop()
        }

        @Test("with a token is open to who has it, but health is to all")
        func token() throws {
            let watched = try OpsService(workers: 1, ["OPS_TOKEN": "0123456789abcdef", "OPS_HOST": "0.0.0.0"])
            #expect(try watched.answer(.get("/metrics")).status == 401)
            #expect(try watched.answer(.get("/metrics", [("Authorization", "Bearer 0123456789abcdee")])).status == 401)
            #expect(try watched.answer(.get("/metrics", [("Authorization", "Bearer 0123456789abcdef")])).status == 200)
            #expect(try watched.answer(Request(method: "POST", target: "/roll", body: [])).status == 401)
            #expect(try watched.answer(.get("/livez")).status == 200)
            #expect(try watched.answer(.get("/readyz")).status == 200)
            watched.service.stop()
        }

        @Test("is there only if it is asked for, and never for others without a token")
        func settings() throws {
            let service = try Service(workers: 1)
            #expect(ProcessTree.children(of: service.supervisor).count == 1)
            service.stop()
            let open = Service.environment(in: try TemporaryDirectory(), ["OPS_PORT": "0", "OPS_HOST": "0.0.0.0"])
            let refused = try Finished.running(Binary.fixture.command("serve"), environment: open)
            #expect(refused.exit == .code(78))
            #expect(refused.output.contains("OPS_TOKEN"))
        }
    }
}

extension OpsService {
    fileprivate var process: pid_t? {
        ProcessTree.children(of: service.supervisor).first {
            ProcessTree.commandLine(of: $0).contains("ops process")
        }
    }

    /// How many requests were counted, over all routes and statuses.
    fileprivate func requests() throws -> Int { try sum("http_server_request_duration_seconds_count") }

    fileprivate func sum(_ name: String) throws -> Int { Int(try scrape().sum(name)) }
}
