import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Booting")
    struct BootTests {
        @Test(
            "three workers and any free port give one supervisor with three children, and the log names the bound port"
        )
        func readiness() throws {
            let service = try Service(workers: 3)
            let ready = try service.log.wait(for: "ready")
            #expect(ready.pid == service.supervisor)
            #expect(ready["workers"]?.int == 3)
            #expect(ready.level == "info")

            let workers = service.workers
            #expect(workers.count == 3)
            #expect(Set(service.log.events("worker ready").compactMap(\.worker)) == Set(workers))
            let started = service.log.events("worker started")
            #expect(Set(started.compactMap(\.worker)) == Set(workers))
            #expect(Set(started.compactMap { $0["number"]?.int }).count == 3, "each worker has a number of its own")
            #expect(Set(started.compactMap { $0["generation"]?.int }).count == 1, "and all are of one generation")

            let answer = try service.answer(.get("/livez"))
            #expect(answer.status == 200)
            #expect(answer.text == "ok\n")
            service.stop()
        }

        @Test("the supervisor stays single-threaded and opens no database")
        func leanSupervisor() throws {
            let service = try Service()
            _ = try service.answer(.get("/notes"))
            #expect(ProcessTree.threadCount(of: service.supervisor) == 1)
            #expect(ProcessTree.descriptors(of: service.supervisor).filter { $0.contains("sqlite") } == [])
            service.stop()
        }

        @Test("three faulty variables give three messages and exit 78 before anything is bound")
        func faultyConfiguration() throws {
            // The port is taken: were it bound before the check, the exit would be 69.
            let holder = try Service()
            let faults = ["WEB_CONCURRENCY": "minus-two", "REQUEST_TIMEOUT": "soon", "MAX_BODY_SIZE": "huge"]
            let environment = Service.environment(
                in: holder.directory,
                faults.merging(["PORT": "\(holder.port)"]) { $1 }
            )
            let serve = try Finished.running(Binary.fixture.command("serve"), environment: environment)
            #expect(serve.exit == .code(78))
            let lines = (serve.output + serve.errors).split(separator: "\n")
            for (key, value) in faults {
                #expect(
                    lines.filter { $0.contains(key) && $0.contains(value) }.count == 1,
                    "one line names \(key) and its value; there is:\n\(serve.output)\(serve.errors)"
                )
            }
            holder.stop()
        }

        @Test("a faulty port is a configuration fault", arguments: ["banana", "65536", "-1", "80.5", "0x50"])
        func faultyPort(_ port: String) throws {
            let directory = try TemporaryDirectory()
            let serve = try Finished.running(
                Binary.fixture.command("serve"),
                environment: Service.environment(in: directory, ["PORT": port])
            )
            #expect(serve.exit == .code(78))
            #expect((serve.output + serve.errors).contains("PORT"))
        }

        @Test("a faulty database URL never shows its password")
        func redaction() throws {
            let directory = try TemporaryDirectory()
            let serve = try Finished.running(
                Binary.fixture.command("serve"),
                environment: Service.environment(in: directory, ["DATABASE_URL": "bogus://user:hunter2@host/stays"])
            )
            #expect(serve.exit == .code(78))
            #expect((serve.output + serve.errors).contains("DATABASE_URL"))
            #expect(!(serve.output + serve.errors).contains("hunter2"))
        }

        @Test("a port in use ends with exit 69 and a message that names it")
        func portInUse() throws {
            let holder = try Service()
            // As long as it waits for the workers of a supervisor that was killed, who would have left by then.
            let patience = ["SHUTDOWN_TIMEOUT": "1s", "REQUEST_TIMEOUT": "500ms"]
            let environment = Service.environment(
                in: holder.directory,
                patience.merging(["PORT": "\(holder.port)"]) { $1 }
            )
            let started = ContinuousClock.now
            let serve = try Finished.running(Binary.fixture.command("serve"), environment: environment)
            #expect(serve.exit == .code(69))
            #expect((serve.output + serve.errors).contains("\(holder.port)"))
            #expect(serve.output.split(separator: "\n").filter { $0.contains("address in use, waiting") }.count == 1)
            #expect(ContinuousClock.now - started >= .seconds(1))
            #expect(try holder.answer(.get("/livez")).status == 200, "who holds the port goes on")
            holder.stop()
        }

        @Test(
            "after the kill of a supervisor the next start waits for the port that a busy worker still holds, and serves"
        )
        func portBecomesFree() throws {
            let killed = try Service(workers: 1)
            let worker = try #require(killed.workers.first)
            let held = try HeldNote(in: killed, id: "last-request")
            #expect(held.isInHandler(of: worker))
            killed.signal(SIGKILL)
            #expect(killed.waitForExit() == .signal(SIGKILL))

            let environment = Service.environment(in: killed.directory, ["PORT": "\(killed.port)"])
            let next = try StartingService(environment: environment)
            let waiting = try next.log.wait(for: "address in use, waiting")
            #expect(waiting["address"]?.string == "127.0.0.1:\(killed.port)")
            #expect(waiting["timeoutMs"]?.int == 20_000)
            try held.database.query("ROLLBACK")
            #expect(held.connection.receive().status == 201, "the request that the port was held for")
            try next.log.wait(for: "ready")
            #expect(next.log.events("address in use, waiting").count == 1)
            let answer = try Connection(to: killed.port).exchange(.get("/notes"))
            #expect(answer.status == 200)
            next.signal(SIGTERM)
            #expect(next.waitForExit() == .code(0))
        }

        @Test("TERM or INT while the port is waited for ends it at once: exit 0", arguments: [SIGTERM, SIGINT])
        func stopWhileWaiting(_ signal: Int32) throws {
            let holder = try Service()
            let environment = Service.environment(in: holder.directory, ["PORT": "\(holder.port)"])
            let next = try StartingService(environment: environment)
            try next.log.wait(for: "address in use, waiting")
            // What asks for no stop ends no wait.
            for other in [SIGHUP, SIGUSR2, SIGURG, SIGWINCH] { next.signal(other) }
            let asked = ContinuousClock.now
            next.signal(signal)
            #expect(next.waitForExit() == .code(0))
            #expect(ContinuousClock.now - asked < .seconds(5))
            holder.stop()
        }

        @Test("started with closed standard descriptors it serves, and no socket takes their place")
        func closedDescriptors() throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/socket"
            let environment = Service.environment(in: directory, ["HOST": "unix:" + path, "WEB_CONCURRENCY": "1"])
            try Service.prepare(.fixture, environment)
            let service = try StartingService(
                ["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"] + Binary.fixture.command("serve"),
                environment: environment
            )
            var answer: Outcome?
            let answers = eventually {
                guard let connection = try? Connection(to: .unix(path: path)) else { return false }
                answer = connection.exchange(.get("/livez"))
                return true
            }
            #expect(answers)
            #expect(answer?.status == 200)
            for process in [service.supervisor] + ProcessTree.children(of: service.supervisor) {
                for descriptor in 0...2 {
                    var (opened, null) = (stat(), stat())
                    #expect(stat("/proc/\(process)/fd/\(descriptor)", &opened) == 0)
                    #expect(stat("/dev/null", &null) == 0)
                    #expect(opened.st_rdev == null.st_rdev, "\(descriptor) of \(process)")
                }
            }
            service.signal(SIGTERM)
            #expect(service.waitForExit() == .code(0))
        }

        /// Where in a boot a signal comes: the moment in which the address is bound.
        private func signalled(_ signal: String) -> [String] {
            ["strace", "-D", "-qq", "-o", "/dev/null", "-e", "trace=bind", "-e", "inject=bind:signal=\(signal):when=1"]
        }

        @Test("HUP while it boots is a roll", .needs(.strace))
        func earlyRoll() throws {
            let service = try Service(launcher: signalled("HUP"))
            try service.log.wait(for: "roll finished")
            #expect(service.hasWorkers(2))
            service.stop()
        }

        @Test("USR2 while it boots is an upgrade", .needs(.strace))
        func earlyUpgrade() throws {
            let service = try Service(launcher: signalled("USR2"))
            try service.log.wait(for: "upgrade taken over")
            try service.log.wait(for: "roll finished")
            #expect(eventually { service.workers.count == 2 })
            service.stop()
        }

        @Test(
            "TERM or INT while it boots stops it: exit 0",
            .needs(.strace),
            arguments: ["TERM", "INT"]
        )
        func earlyStop(_ signal: String) throws {
            let directory = try TemporaryDirectory()
            let serve = try Finished.running(
                signalled(signal).filter { $0 != "-D" } + Binary.fixture.command("serve"),
                environment: Service.environment(in: directory, [:])
            )
            #expect(serve.exit == .code(0), "\(serve.output)\(serve.errors)")
            #expect(serve.output.contains("\"message\":\"stopped\""), "\(serve.output)")
        }

        @Test("HUP and USR2 by the dozen, from the first moment on which it can take them, end nothing")
        func earlyStorm() throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, ["WEB_CONCURRENCY": "2"])
            try Service.prepare(.fixture, environment)
            for _ in 0..<5 {
                let service = try StartingService(environment: environment)
                // TERM too: setpriv, by which it is started, holds HUP for a moment, and dies of it then.
                #expect(eventually { service.holds(SIGTERM) && service.holds(SIGHUP) })
                for turn in 0..<40 {
                    service.signal(turn % 2 == 0 ? SIGHUP : SIGUSR2)
                    usleep(useconds_t(turn * 25))
                }
                try service.log.wait(for: "ready")
                service.signal(SIGTERM)
                #expect(service.waitForExit() == .code(0), "\(service.log.tail)")
            }
        }

        @Test(
            "commands that are no service end by HUP and INT as any program",
            .needs(.strace)
        )
        func otherCommands() throws {
            let directory = try TemporaryDirectory()
            let database = directory.path + "/service.sqlite"
            for (signal, number) in [("HUP", SIGHUP), ("INT", SIGINT)] {
                let migrate = try Finished.running(
                    [
                        "strace", "-qq", "-o", "/dev/null", "-P", database, "-e", "trace=openat", "-e",
                        "inject=openat:signal=\(signal):when=1",
                    ] + Binary.fixture.command("migrate"),
                    environment: Service.environment(in: directory, [:])
                )
                #expect(migrate.exit == .signal(number), "\(migrate.output)\(migrate.errors)")
            }
        }

        @Test("workers that cannot boot end the service with exit 70 and a reason", .needs(.prlimit))
        func crashAtBoot() throws {
            // Room enough for the supervisor, which starts no thread; too little for the stack of a worker's thread.
            let measured = try Service(workers: 1)
            let size = try #require(ProcessTree.kilobytes("VmPeak", of: measured.supervisor))
            measured.stop()
            let environment = Service.environment(in: measured.directory, ["WEB_CONCURRENCY": "2"])
            let serve = try Finished.running(
                ["prlimit", "--as=\((size + 256) * 1024)"] + Binary.fixture.command("serve"),
                environment: environment
            )
            #expect(serve.exit == .code(70), "\(serve.output)\(serve.errors)")
            #expect(!serve.output.contains("\"message\":\"ready\""))
        }

        @Test("without HOST the service answers on every address of IPv4 too")
        func allAddresses() throws {
            let service = try Service(environment: ["HOST": ""])
            #expect(try service.answer(.get("/livez")).status == 200)
            service.stop()
        }

        @Test("a service without a database lives, says why it is not ready, and is ready once there is one")
        func databaseComesLater() throws {
            let service = try Service(migrates: false)
            #expect(try service.answer(.get("/livez")).status == 200)
            let unready = try service.answer(.get("/readyz"))
            #expect(unready.status == 503)
            #expect(unready.json?["ready"]?.bool == false)
            #expect((unready.json?["reasons"]?.array ?? []).isEmpty == false)
            #expect(unready.text.contains("migrate"), "the reason says what to do: \(unready.text)")

            try Service.prepare(.fixture, service.environment)
            // Every worker must find it, so several connections ask.
            for _ in 0..<20 {
                let answer = try service.answer(.get("/readyz"))
                #expect(answer.status == 200)
                #expect(answer.json?["ready"]?.bool == true)
            }
            #expect(try service.answer(.get("/notes")).status == 200)
            service.stop()
        }

        @Test("what was acknowledged is there after a restart")
        func restart() throws {
            let first = try Service()
            let kept = try first.answer(Note.write("kept"))
            #expect(kept.status == 201)
            let location = try #require(kept["Location"])
            first.stop()

            let second = try Service(in: first.directory)
            let read = try second.answer(.get(location))
            #expect(read.status == 200)
            #expect(read.json == kept.json)
            #expect(try second.answer(Note.write("kept")).status == 409)
            second.stop()
        }
    }
}
