import CLinux
import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Storms")
    struct StormTests {
        /// A seeded order of signals: the same storm on every run.
        private struct Seeded: RandomNumberGenerator {
            var state: UInt64

            mutating func next() -> UInt64 {
                state &+= 0x9E37_79B9_7F4A_7C15
                var z = state
                z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
                return z ^ (z >> 31)
            }
        }

        @Test(
            "a storm of HUP, TTIN and TTOU, then TERM: no request fails, and the stop is clean",
            arguments: [1, 2, 3, 4]
        )
        func storm(_ seed: UInt64) throws {
            var random = Seeded(state: seed)
            let service = try Service(workers: 2)
            let load = Load(on: service.address, clients: 8, style: .keepAlive, leavesWhenRefused: true) { _, turn in
                turn % 2 == 0 ? .get("/notes") : .get("/livez")
            }
            #expect(load.waitForAnswers(20))
            for _ in 0..<100 {
                service.signal([SIGHUP, SIGTTIN, SIGTTOU].randomElement(using: &random)!)
                usleep(useconds_t(Int.random(in: 0...25_000, using: &random)))
            }
            #expect(load.waitForAnswers(20), "it still serves")
            for _ in 0..<5 {
                service.signal(SIGTERM)
                service.signal([SIGHUP, SIGTTIN, SIGTTOU].randomElement(using: &random)!)
                usleep(useconds_t(Int.random(in: 0...25_000, using: &random)))
            }
            service.expectCleanExit()
            #expect(load.waitUntilAllLeft())
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(tally.serverErrors == [:])
        }

        @Test(
            "workers killed in a storm of rolls: the service is whole again, and what was acknowledged is there"
        )
        func killsInStorm() throws {
            var random = Seeded(state: 5)
            let service = try Service(workers: 3)
            var acknowledged: [String] = []
            for turn in 0..<40 {
                switch turn % 4 {
                case 0: service.signal(SIGHUP)
                case 1: service.workers.randomElement(using: &random).map { _ = kill($0, SIGKILL) }
                case 2: service.signal(Bool.random(using: &random) ? SIGTTIN : SIGTTOU)
                default:
                    let request = Note.write("storm-\(turn)")
                    let answered = eventually {
                        // 409 when the note is there, and the worker died before it could say so.
                        guard let status = service.ask(request).status, [201, 409].contains(status) else {
                            return false
                        }
                        acknowledged.append("/notes/storm-\(turn)")
                        return true
                    }
                    #expect(answered)
                }
                usleep(useconds_t(Int.random(in: 0...25_000, using: &random)))
            }
            for location in acknowledged {
                #expect(eventually { service.ask(.get(location)).status == 200 }, "\(location) is lost")
            }
            service.stop()
            #expect(try Database(service.databasePath).integrity() == "ok")
        }

        /// Kills every worker as soon as it is ready, until the time is over.
        /// - Returns: How many seconds passed from the first kill on.
        private func killAll(of service: Service, for seconds: Double, by signal: Int32) -> Double {
            let started = ContinuousClock.now
            let end = Deadline.after(seconds)
            while !end.isOver {
                for worker in service.workers { kill(worker, signal) }
                usleep(200)
            }
            return (ContinuousClock.now - started).inSeconds
        }

        @Test(
            "a storm of crashes never forks faster than the cap, and when it ends the service is whole again",
            arguments: [SIGKILL, SIGSEGV]
        )
        func crashes(_ signal: Int32) throws {
            let workers = 4
            let service = try Service(workers: workers, environment: ["SWIFT_BACKTRACE": "enable=no"])
            let mark = service.log.mark
            let seconds = killAll(of: service, for: 4, by: signal)
            let forks = service.log.events("worker started", after: mark).count
            // The burst is two for each worker and ten, the cap 50 a second. Both are in the documentation.
            #expect(Double(forks) <= Double(2 * workers + 10) + 50 * seconds, "in \(seconds) s")
            #expect(forks >= workers, "it never stops trying")
            print("crash storm by signal \(signal): \(forks) forks in \(seconds) s")
            #expect(service.hasWorkers(workers))
            #expect(eventually { service.ask(.get("/notes")).status == 200 })
            #expect(ProcessTree.zombies(of: service.supervisor) == [])
            service.signal(SIGTERM)
            #expect(service.waitForExit() == .code(0))
            #expect(service.survivors == [])
        }

        @Test(
            "workers that die at boot are tried ever more rarely while the others serve on, and all are back afterwards",
            .needs(.strace)
        )
        func deathsAtBoot() throws {
            let service = try Service(workers: 3)
            let victims = service.workers.dropFirst()
            let mark = service.log.mark
            let fault = try SystemCallFault("epoll_create1:error=EMFILE", in: service.supervisor, withChildren: true)
            for victim in victims { kill(victim, SIGKILL) }
            sleep(3)
            // Two that wait 0.2, 0.4, 0.8, 1.6 s, give or take a quarter.
            let forks = service.log.events("worker started", after: mark).count
            #expect((4...14).contains(forks), "forks in 3 s: \(forks)")
            #expect(try service.answer(.get("/notes")).status == 200, "the one that is left serves")
            fault.end()
            #expect(service.hasWorkers(3))
            #expect(try service.answer(.get("/notes")).status == 200)
            service.stop()
        }

        @Test("TERM 0 to 25 ms after the start: it ends, and nothing is left")
        func termAtBoot() throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, ["WEB_CONCURRENCY": "3"])
            try Service.prepare(.fixture, environment)
            for milliseconds in 0...25 {
                var pipe: [CInt] = [0, 0]
                try #require(clinux_pipe(&pipe) == 0)
                let process = try Spawned(
                    Binary.fixture.command("serve"),
                    environment: environment,
                    output: pipe[1],
                    errors: pipe[1]
                )
                close(pipe[1])
                let log = EventLog(reading: pipe[0]) { _ in }
                usleep(useconds_t(milliseconds * 1000))
                kill(process.pid, SIGTERM)
                let exit = process.wait(by: .generous)
                // Before the program has taken the signals into its hands, the kernel ends it.
                #expect(exit == .code(0) || exit == .signal(SIGTERM), "\(milliseconds) ms: \(String(describing: exit))")
                // The pipe's end says that no worker is left either.
                #expect(log.waitForEnd(), "\(milliseconds) ms: somebody is left")
                kill(process.pid, exit == nil ? SIGKILL : 0)
            }
        }

        @Test(
            "twenty TTIN and forty TTOU under load: never more than it can supervise, never none, exactly no request fails"
        )
        func manyResizes() throws {
            let service = try Service(workers: 2)
            let loads = Load.mixed(on: service.address, clients: 3)
            #expect(loads.waitForAnswers(20))
            for _ in 0..<20 {
                service.signal(SIGTTIN)
                usleep(5_000)
            }
            #expect(eventually { service.workers.count > 2 })
            // Whatever the cap is: those who started are ready.
            #expect(
                eventually {
                    service.log.events("worker ready").count == service.log.events("worker started").count
                }
            )
            #expect(service.workers.count <= 22)
            #expect(try service.answer(.get("/notes")).status == 200)
            for _ in 0..<40 {
                service.signal(SIGTTOU)
                usleep(5_000)
                #expect(!service.workers.isEmpty)
            }
            // Standard signals do not queue: two that were pending at once were one.
            #expect(
                eventually {
                    service.signal(SIGTTOU)
                    return service.workers.count == 1
                }
            )
            #expect(try service.answer(.get("/notes")).status == 200)
            loads.expectNoLoss("TTIN and TTOU", times: 60)
            service.stop()
        }
    }
}
