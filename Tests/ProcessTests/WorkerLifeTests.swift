import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The life of workers")
    struct WorkerLifeTests {
        @Test("a killed worker is replaced within 100 ms, and the log says how it died")
        func replacement() throws {
            let service = try Service(workers: 3)
            var times: [Double] = []
            for _ in 0..<7 {
                let victim = try #require(service.workers.first)
                let mark = service.log.mark
                let killed = wallClock()
                kill(victim, SIGKILL)
                let exited = try service.log.wait(for: "worker exited", after: mark) { $0.worker == victim }
                #expect(exited["how"]?.string?.contains("SIGKILL") == true, "\(exited.line)")
                let ready = try service.log.wait(for: "worker ready", after: mark)
                times.append(try #require(ready.time) - killed)
                #expect(service.hasWorkers(3))
            }
            #expect(times.median < 0.1, "seconds: \(times)")
            service.stop()
        }

        @Test("all workers killed at once are all replaced, and the service answers again")
        func allKilled() throws {
            let service = try Service(workers: 4)
            let mark = service.log.mark
            for worker in service.workers { kill(worker, SIGKILL) }
            try service.log.wait(for: "worker ready", count: 4, after: mark)
            #expect(service.hasWorkers(4))
            #expect(try service.answer(.get("/notes")).status == 200)
            service.stop()
        }

        @Test(
            "a worker that crashes is told from one that was killed",
            arguments: [(SIGSEGV, "SIGSEGV"), (SIGABRT, "SIGABRT")]
        )
        func crash(_ signal: Int32, _ name: String) throws {
            // The runtime's backtracer would outlive a signal that nothing in the program caused.
            let service = try Service(workers: 2, environment: ["SWIFT_BACKTRACE": "enable=no"])
            let victim = try #require(service.workers.first)
            let mark = service.log.mark
            kill(victim, signal)
            let exited = try service.log.wait(for: "worker exited", after: mark) { $0.worker == victim }
            #expect(exited["how"]?.string?.contains(name) == true, "\(exited.line)")
            try service.log.wait(for: "worker ready", after: mark)
            #expect(service.hasWorkers(2))
            #expect(try service.answer(.get("/livez")).status == 200)
            kill(service.supervisor, SIGTERM)
            #expect(service.waitForExit() == .code(0))
        }

        @Test("TERM to a worker alone: it answers what it was sent, and is replaced")
        func termToWorker() throws {
            let service = try Service(workers: 3)
            let load = Load(on: service.address, clients: 12, style: .keepAlive) { _, _ in .get("/notes") }
            for _ in 0..<5 {
                #expect(load.waitForAnswers(50))
                let victim = try #require(service.workers.first)
                let mark = service.log.mark
                kill(victim, SIGTERM)
                try service.log.wait(for: "worker exited", after: mark) { $0.worker == victim }
                try service.log.wait(for: "worker ready", after: mark)
            }
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(tally.refused == 0)
            #expect(tally.serverErrors == [:])
            #expect(service.hasWorkers(3))
            service.stop()
        }

        @Test("HUP under load replaces every worker by the next generation, and no request fails")
        func roll() throws {
            let service = try Service(workers: 3)
            let loads = [Load.Style.keepAlive, .oneShot].map { style in
                Load(on: service.address, clients: 8, style: style) { client, turn in
                    turn % 3 == 0
                        ? Note.write("\(client)-\(turn)")
                        : .get("/notes/\(turn)")
                }
            }
            for load in loads { #expect(load.waitForAnswers(50)) }
            let old = Set(service.workers)
            let generation = service.log.events("worker started").compactMap { $0["generation"]?.int }.max() ?? 0
            let mark = service.log.mark

            service.signal(SIGHUP)
            try service.log.wait(for: "roll started", after: mark)
            try service.log.wait(for: "roll finished", after: mark)
            #expect(eventually { Set(service.workers).isDisjoint(with: old) })
            #expect(service.hasWorkers(3))
            for load in loads { #expect(load.waitForAnswers(50)) }

            for load in loads {
                let tally = load.stop()
                #expect(tally.failures == [])
                #expect(tally.refused == 0)
                #expect(tally.serverErrors == [:])
            }
            let started = service.log.events("worker started", after: mark)
            #expect(started.count == 3)
            #expect(Set(started.compactMap { $0["generation"]?.int }) == [generation + 1])
            service.stop()
        }

        @Test("an old worker leaves only after its successor is ready")
        func successorFirst() throws {
            let service = try Service(workers: 1)
            let old = try #require(service.workers.first)
            let mark = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: mark)
            let exited = try service.log.wait(for: "worker exited", after: mark) { $0.worker == old }
            let events = service.log.events.dropFirst(mark)
            let ready = try #require(events.firstIndex { $0.message == "worker ready" })
            let gone = try #require(events.firstIndex { $0.line == exited.line })
            #expect(ready < gone)
            service.stop()
        }

        @Test("TTIN adds one worker, TTOU takes one away, under load without a failed request")
        func resize() throws {
            let service = try Service(workers: 2)
            let load = Load(on: service.address, clients: 8, style: .keepAlive) { _, _ in .get("/notes") }
            #expect(load.waitForAnswers(20))
            service.signal(SIGTTIN)
            #expect(service.hasWorkers(3))
            #expect(load.waitForAnswers(20))
            service.signal(SIGTTIN)
            #expect(service.hasWorkers(4))
            #expect(load.waitForAnswers(20))
            for count in [3, 2, 1] {
                service.signal(SIGTTOU)
                #expect(service.hasWorkers(count))
                #expect(load.waitForAnswers(20))
            }
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(tally.refused == 0)
            #expect(tally.serverErrors == [:])

            // The last worker stays. That nothing happens has no event: a roll behind it shows that it was handled.
            service.signal(SIGTTOU)
            let mark = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: mark)
            #expect(service.hasWorkers(1))
            #expect(try service.answer(.get("/livez")).status == 200)
            service.stop()
        }

        @Test("a worker holds no descriptor of its siblings' connections")
        func descriptors() throws {
            let service = try Service(workers: 2)
            let connections = try (0..<10).map { _ in try service.connect() }
            for connection in connections { #expect(connection.exchange(.get("/livez")).status == 200) }
            let old = Set(service.workers)
            for worker in old { kill(worker, SIGKILL) }
            #expect(eventually { Set(service.workers).isDisjoint(with: old) && service.workers.count == 2 })
            // Were a descriptor of a dead worker's connection open anywhere, its end would never come.
            for connection in connections {
                switch connection.receiveEnd() {
                case .closedWithoutAnswer, .reset: break
                case let other: Issue.record("the connection of a dead worker: \(other)")
                }
            }
            service.stop()
        }

        private func scoreAdjustment(of pid: pid_t) throws -> Int {
            let text = try #require(ProcessTree.read("/proc/\(pid)/oom_score_adj"))
            return try #require(Int(text.prefix { $0 != "\n" }))
        }

        @Test(
            "the kernel is told to take a worker before the supervisor when memory runs out, and never less than the user says"
        )
        func outOfMemoryOrder() throws {
            let service = try Service(workers: 2)
            let supervisor = try scoreAdjustment(of: service.supervisor)
            for worker in service.workers {
                #expect(try scoreAdjustment(of: worker) >= min(1000, supervisor + 100))
            }
            service.stop()
        }

        @Test(
            "where memory is so tight that it runs out, a worker dies and the service lives",
            .enabled(if: MemoryGroup.isPossible, "needs a control group for memory that these tests may make")
        )
        func outOfMemory() throws {
            let group = try MemoryGroup(bytes: 24 << 20)
            let service = try Service(workers: 2, launcher: group.launcher)
            let mark = service.log.mark
            try group.fillUntilSomebodyIsKilled()
            let exited = try service.log.wait(for: "worker exited", after: mark)
            #expect(exited["how"]?.string?.contains("out of memory") == true, "\(exited.line)")
            try service.log.wait(for: "worker ready", after: mark)
            #expect(try service.answer(.get("/notes")).status == 200)
            service.stop()
        }
    }
}
