import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The ops process answers within 50 ms, whatever the workers do")
    struct OpsTimingTests {
        @Test("while all workers are stopped")
        func stopped() throws {
            let service = try Service(workers: 2, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            let workers = service.workers
            for worker in workers { kill(worker, SIGSTOP) }
            defer { for worker in workers { kill(worker, SIGCONT) } }
            #expect(ops.latenessAtBest() == [])
        }

        @Test("while all threads of all workers are stuck, and says so; the public port's probes do not wait either")
        func stuck() throws {
            let service = try Service(
                workers: 2,
                environment: OpsPort.environment.merging([
                    "WEB_THREADS": "2", "REQUEST_TIMEOUT": "60s", "QUEUE_TIMEOUT": "60s", "SHUTDOWN_TIMEOUT": "1s",
                ]) { $1 }
            )
            let ops = try OpsPort(in: service.log)
            #expect(try ops.answer(.get("/readyz")).status == 200)
            let connections = try (0..<10).map { _ in try service.connect() }
            for connection in connections { connection.send(Request.get("/blocking-route/50000").bytes) }
            #expect(try eventually { try ops.answer(.get("/readyz")).status == 503 })
            let answer = try ops.answer(.get("/readyz"))
            #expect(answer.text.contains("all threads of all workers are busy, and requests wait"))
            #expect(ops.latenessAtBest(readiness: 503) == [])
            let scrape = try ops.scrape()
            #expect(scrape.sum("panal_threads_free") == 0 && scrape.sum("panal_requests_waiting") == 6)
            #expect(scrape.sum("panal_ready") == 0 && scrape.sum("http_server_active_requests") == 4)
            var late: [String] = []
            for _ in 0..<10 {
                late = []
                for turn in 0..<100 {
                    for path in ["/livez", "/readyz"] {
                        let begin = wallClock()
                        #expect(service.ask(.get(path), timeout: 5).status == 200)
                        let milliseconds = Int((wallClock() - begin) * 1000)
                        if milliseconds >= 50 { late.append("\(path) \(turn): \(milliseconds) ms") }
                    }
                }
                if late.isEmpty { break }
            }
            #expect(late == [])
            service.signal(SIGQUIT)
            #expect(service.waitForExit() != nil)
        }

        @Test("while nobody reads the log")
        func stalledLog() throws {
            let service = try Service(workers: 2, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            service.log.stall()
            let load = Load(on: service.address, clients: 2, style: .keepAlive) { _, _ in .get("/bytes/1") }
            #expect(try eventually { try ops.scrape().sum("panal_log_lines_dropped_total") > 0 })
            #expect(load.stop().failures == [])
            // The ops process has something to say, too, and nobody takes it.
            rename(service.databasePath, service.databasePath + ".away")
            #expect(ops.latenessAtBest() == [])
            service.log.goOn()
            service.stop()
        }

        @Test("while the store's file is gone, and says so")
        func storeGone() throws {
            let service = try Service(workers: 1, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            rename(service.databasePath, service.databasePath + ".away")
            #expect(try eventually { try ops.answer(.get("/readyz")).status == 503 })
            #expect(try ops.answer(.get("/readyz")).text.contains("store"))
            #expect(try ops.scrape().sum("panal_store_ready") == 0)
            #expect(ops.latenessAtBest(readiness: 503) == [])
            service.stop()
        }

        @Test("while the store is locked")
        func storeLocked() throws {
            let service = try Service(workers: 1, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            let database = try Database(service.databasePath)
            try database.query("BEGIN EXCLUSIVE")
            #expect(ops.latenessAtBest() == [])
            try database.query("ROLLBACK")
            #expect(try eventually { try ops.answer(.get("/readyz")).status == 200 })
            service.stop()
        }

        @Test("during rolls, and in a drain, of which it says that it is one")
        func rollAndDrain() throws {
            let service = try Service(
                workers: 2,
                environment: OpsPort.environment.merging(["DRAIN_DELAY": "60s"]) { $1 }
            )
            let ops = try OpsPort(in: service.log)
            // As many requests as leave the host time: all of its processors in use would be another question.
            let load = Load(on: service.address, clients: 2, style: .keepAlive) { _, _ in
                usleep(2000)
                return .get("/bytes/1")
            }
            #expect(load.waitForAnswers(20))
            var complaints: [String] = []
            for _ in 0..<10 {
                let mark = service.log.mark
                service.signal(SIGHUP)
                complaints = ops.lateness(of: 25)
                try service.log.wait(for: "roll finished", after: mark)
                if complaints.isEmpty { break }
            }
            #expect(complaints == [])
            #expect(load.stop().failures == [])
            service.signal(SIGTERM)
            #expect(try eventually { try ops.answer(.get("/readyz")).status == 503 })
            #expect(try ops.answer(.get("/readyz")).text.contains("the service is about to stop"))
            #expect(ops.latenessAtBest(readiness: 503) == [])
            service.signal(SIGQUIT)
            #expect(service.waitForExit() != nil)
        }

        @Test("during upgrades: the next program's process has its socket before the former's leaves it")
        func upgrade() throws {
            let service = try Service(workers: 2, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            var complaints: [String] = []
            for _ in 0..<10 {
                let mark = service.log.mark
                service.signal(SIGUSR2)
                complaints = []
                repeat {
                    complaints += ops.lateness(of: 5, readiness: 200)
                } while service.log.events(
                    "roll finished",
                    after: mark
                ).isEmpty
                if complaints.isEmpty { break }
            }
            #expect(complaints == [])
            service.stop()
        }
    }
}
