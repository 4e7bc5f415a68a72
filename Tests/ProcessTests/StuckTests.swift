import CLinux
import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Nothing is stuck, and every death is explained")
    struct StuckTests {
        @Test("a worker killed in the middle of a request: the log says which request it was")
        func blackBox() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            let held = try HeldNote(in: service, id: "in-the-black-box")
            #expect(held.isInHandler(of: worker))
            let mark = service.log.mark
            kill(worker, SIGKILL)
            let exited = try service.log.wait(for: "worker exited", after: mark) { $0.worker == worker }
            #expect(exited.line.contains("POST /notes"), "\(exited.line)")
            #expect(exited.line.contains("in-the-black-box"), "\(exited.line)")
            switch held.connection.receive() {
            case .closedWithoutAnswer, .reset: break
            case let other: Issue.record("\(other)")
            }
            try held.database.query("ROLLBACK")
            try service.log.wait(for: "worker ready", after: mark)
            #expect(try service.answer(.get("/notes")).status == 200)
            service.stop()
        }

        @Test(
            "the query of a request that ends its worker is in no line of the log",
            arguments: [SIGKILL, SIGABRT, SIGSEGV]
        )
        func queryStaysOut(_ signal: Int32) throws {
            let service = try Service(workers: 1, environment: ["SWIFT_BACKTRACE": "enable=no"])
            let worker = try #require(service.workers.first)
            let held = try HeldNote(in: service, id: "with-a-query", query: "?token=secret")
            #expect(held.isInHandler(of: worker))
            let mark = service.log.mark
            kill(worker, signal)
            let exited = try service.log.wait(for: "worker exited", after: mark) { $0.worker == worker }
            #expect(exited["request"]?.string == "POST /notes")
            try held.database.query("ROLLBACK")
            try service.log.wait(for: "worker ready", after: mark)
            service.signal(SIGTERM)
            #expect(service.waitForExit() == .code(0))
            #expect(service.log.waitForEnd())
            let lines = (service.log.events + service.log.requests).map(\.line)
            #expect(lines.filter { $0.contains("token") || $0.contains("secret") } == [])
        }

        @Test(
            "a worker that crashes in a request leaves where it was, and dies of that very signal",
            arguments: [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE]
        )
        func crashBacktrace(_ signal: Int32) throws {
            let service = try Service(workers: 1, environment: ["SWIFT_BACKTRACE": "enable=no"])
            let worker = try #require(service.workers.first)
            let held = try HeldNote(in: service, id: "crash")
            // To the thread itself, as a crash does it: of a signal to the process the kernel chooses the thread.
            let thread = try #require(held.stoppedHandlerThread(of: worker))
            let mark = service.log.mark
            #expect(sendSignal(signal, toThread: thread, of: worker))
            kill(worker, SIGCONT)
            let exited = try service.log.wait(for: "worker exited", after: mark) { $0.worker == worker }
            let name = try #require(sigabbrev(signal))
            #expect(exited["how"]?.string?.hasPrefix("crashed with SIG\(name)") == true, "\(exited.line)")
            let backtrace = try #require(exited["backtrace"]?.string, "\(exited.line)")
            #expect(backtrace.contains("BusyTimeout"), "where it waits: \(backtrace)")
            #expect(backtrace.contains("FixtureService"), "the service's own code: \(backtrace)")
            try held.database.query("ROLLBACK")
            try service.log.wait(for: "worker ready", after: mark)
            service.stop()
        }

        private func sigabbrev(_ signal: Int32) -> String? { clinux_signal_name(signal).map { String(cString: $0) } }

        @Test(
            "a trap of Swift's own is explained by the line that it happened in",
            arguments: [
                ("index", "indexOutOfRange", "SIGILL"), ("nil", "forcedNil", "SIGILL"),
                ("precondition", "brokenPrecondition", "SIGILL"), ("overflow", "overflow", "SIGILL"),
                ("fatalError", "fatal", "SIGILL"), ("stack", "endless", "SIGSEGV"),
            ]
        )
        func trap(_ fault: String, _ function: String, _ signal: String) throws {
            let ended = try Finished.running(
                [Binary.crashing.path, fault],
                environment: ["SWIFT_BACKTRACE": "enable=no"]
            )
            #expect(ended.exit == .code(0), "\(ended.output)\(ended.errors)")
            let lines = ended.output.split(separator: "\n")
            #if arch(arm64)
                let expected = signal == "SIGILL" ? "SIGTRAP" : signal
            #else
                let expected = signal
            #endif
            #expect(lines.first?.hasPrefix("crashed with \(expected)") == true, "\(ended.output)")
            #expect(
                lines.dropFirst().contains { $0.contains("CrashingService.Faults.(\(function)") },
                "\(ended.output)"
            )
        }

        @Test("a worker with two threads, one of which is stuck: both requests are named, and where each thread was")
        func twoThreads() throws {
            let ended = try Finished.running([Binary.crashing.path, "two-threads"])
            #expect(ended.exit == .code(0), "\(ended.output)\(ended.errors)")
            #expect(ended.output.hasPrefix("killed: its request was still running after its deadline\n"))
            let lines = Set(ended.output.split(separator: "\n"))
            // The request that is over its deadline is the one to blame, though the other has run for longer.
            #expect(lines.contains("GET /stuck") && lines.contains("GET /patient (r)"), "\(ended.output)")
            #expect(lines.count { $0.contains("CrashingService.Faults.(waitForEver") } >= 1, "\(ended.output)")
            #expect(ended.output.contains("\n\n"), "two backtraces: \(ended.output)")
        }

        @Test("a stray URG to worker and supervisor, again and again under load, changes nothing")
        func strayUrgent() throws {
            let service = try Service(workers: 2)
            let processes = service.workers + [service.supervisor]
            let load = Load(on: service.address, clients: 4, style: .keepAlive) { _, _ in .get("/notes") }
            #expect(load.waitForAnswers(20))
            for _ in 0..<200 {
                for process in processes { kill(process, SIGURG) }
                usleep(500)
            }
            #expect(load.waitForAnswers(50))
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(tally.refused == 0)
            #expect(tally.serverErrors == [:])
            #expect(Set(service.workers + [service.supervisor]) == Set(processes))
            let asked = ContinuousClock.now
            service.stop()
            #expect(ContinuousClock.now - asked < .seconds(10), "every worker has heard the TERM")
        }

        @Test("a worker that dies idle names no request")
        func idleDeath() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            #expect(try service.answer(.get("/notes", [("X-Request-ID", "long-done")])).status == 200)
            // An answer may come a little before the black box is closed, and another thread may answer the next: what is logged of
            // it comes behind.
            _ = try service.log.waitForRequest { $0["requestId"]?.string == "long-done" }
            let mark = service.log.mark
            kill(worker, SIGKILL)
            let exited = try service.log.wait(for: "worker exited", after: mark) { $0.worker == worker }
            #expect(!exited.line.contains("long-done"), "\(exited.line)")
            service.stop()
        }

        @Test("a handler that waits beyond its deadline is answered 503, and its worker lives on")
        func softDeadline() throws {
            let service = try Service(workers: 1, environment: ["REQUEST_TIMEOUT": "500ms"])
            let worker = try #require(service.workers.first)
            let started = ContinuousClock.now
            let held = try HeldNote(in: service, id: "too-late")
            let answer = held.connection.receive().answer
            // At its deadline, and long before the supervisor would abort the worker.
            #expect(ContinuousClock.now - started >= .milliseconds(500))
            #expect(ContinuousClock.now - started < .seconds(2))
            #expect(answer?.status == 503)
            #expect(answer?["X-Request-ID"] == "too-late")
            #expect(answer?["Retry-After"] != nil)
            #expect(answer?.json?["requestId"]?.string == "too-late")
            try held.database.query("ROLLBACK")
            #expect(service.workers == [worker])
            #expect(try service.answer(.get("/notes")).status == 200)
            service.stop()
        }

        @Test("TERM does not break into a handler that waits for the store: it goes on, and its client gets the answer")
        func termWhileWaiting() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            let held = try HeldNote(in: service, id: "in-no-hurry")
            #expect(held.isInHandler(of: worker))
            let mark = service.log.mark
            for process in [worker, service.supervisor, worker] { kill(process, SIGTERM) }
            try service.log.wait(for: "stopping", after: mark)
            #expect(held.isInHandler(of: worker))
            try held.database.query("ROLLBACK")
            let answer = held.connection.receive().answer
            #expect(answer?.status == 201)
            service.expectCleanExit()
        }

        @Test("a worker that does not come back from a request is aborted, explained and replaced")
        func hardDeadline() throws {
            let service = try Service(workers: 1, environment: ["REQUEST_TIMEOUT": "1s"])
            let worker = try #require(service.workers.first)
            let held = try HeldNote(in: service, id: "stuck-for-good")
            #expect(held.isInHandler(of: worker))
            let mark = service.log.mark
            kill(worker, SIGSTOP)
            try held.database.query("ROLLBACK")
            let exited = try service.log.wait(for: "worker exited", after: mark) { $0.worker == worker }
            #expect(exited.line.contains("stuck-for-good"), "\(exited.line)")
            #expect(exited.line.contains("POST /notes"), "\(exited.line)")
            switch held.connection.receive() {
            case .closedWithoutAnswer, .reset: break
            case let other: Issue.record("\(other)")
            }
            try service.log.wait(for: "worker ready", after: mark)
            #expect(try service.answer(.get("/notes")).status == 200)
            service.stop()
        }

        @Test("while a database is locked, reading goes on and nobody is killed")
        func lockedDatabase() throws {
            let service = try Service(workers: 2, environment: ["REQUEST_TIMEOUT": "500ms"])
            let workers = service.workers
            let database = try Database(service.databasePath)
            try database.query("BEGIN IMMEDIATE")
            for turn in 0..<4 {
                #expect(try service.answer(Note.write("\(turn)")).status == 503)
                #expect(try service.answer(.get("/notes")).status == 200)
            }
            try database.query("ROLLBACK")
            #expect(try service.answer(Note.write("0")).status == 201)
            #expect(service.workers == workers)
            service.stop()
        }

        @Test("a supervisor that was stopped for longer than every deadline kills nobody when it goes on")
        func suspendedSupervisor() throws {
            let service = try Service(workers: 2, environment: ["REQUEST_TIMEOUT": "1s", "BOOT_TIMEOUT": "1s"])
            let workers = service.workers
            let load = Load(on: service.address, clients: 4, style: .keepAlive) { _, _ in .get("/notes") }
            #expect(load.waitForAnswers(20))
            let mark = service.log.mark
            service.signal(SIGSTOP)
            // Twice the hard deadline, which is the request's and two seconds.
            sleep(6)
            service.signal(SIGCONT)
            // What it has to do about the time that passed it has done before it answers this.
            service.signal(SIGTTIN)
            try service.log.wait(for: "worker ready", after: mark)
            #expect(load.waitForAnswers(20))
            #expect(service.log.events("worker exited", after: mark).isEmpty)
            #expect(Set(service.workers).isSuperset(of: workers))
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(tally.refused == 0)
            service.stop()
        }

        /// What a worker does on its way to ready, and the supervisor does not: starting a thread, making its epoll.
        private static let bootCalls = ["clone3", "epoll_create1"]

        @Test(
            "workers stuck at boot are given up by BOOT_TIMEOUT: exit 70",
            .needs(.strace),
            arguments: bootCalls
        )
        func stuckBoot(_ call: String) throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, ["BOOT_TIMEOUT": "300ms", "WEB_CONCURRENCY": "2"])
            try Service.prepare(.fixture, environment)
            let serve = try Finished.running(
                [
                    "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                    "inject=\(call):delay_enter=3s",
                ] + Binary.fixture.command("serve"),
                environment: environment
            )
            #expect(serve.exit == .code(70), "\(serve.output)\(serve.errors)")
        }

        @Test(
            "a roll whose successors cannot boot is abandoned, and the old workers serve on",
            .needs(.strace),
            arguments: bootCalls.flatMap { ["\($0):error=EAGAIN", "\($0):delay_enter=3s"] }
        )
        func abandonedRoll(_ injection: String) throws {
            let service = try Service(workers: 2, environment: ["BOOT_TIMEOUT": "500ms"])
            let old = service.workers
            let load = Load(on: service.address, clients: 4, style: .keepAlive) { _, _ in .get("/notes") }
            #expect(load.waitForAnswers(20))
            let mark = service.log.mark
            let fault = try SystemCallFault(injection, in: service.supervisor, withChildren: true)
            service.signal(SIGHUP)
            let report = try service.log.wait(for: "roll finished", after: mark)
            #expect(report["verdict"]?.string?.hasPrefix("abandoned") == true, "\(report.line)")
            fault.end()
            #expect(Set(service.workers).isSuperset(of: old))
            #expect(load.waitForAnswers(20))

            // And the next roll, with code that boots again, is a roll.
            let again = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: again)
            #expect(eventually { Set(service.workers).isDisjoint(with: old) })
            #expect(service.hasWorkers(2))
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(tally.serverErrors == [:])
            service.stop()
        }

        @Test(
            "when fork fails for a while, the service serves on and is whole again afterwards",
            .needs(.strace)
        )
        func failingFork() throws {
            let service = try Service(workers: 2)
            let victim = try #require(service.workers.first)
            let mark = service.log.mark
            let fault = try SystemCallFault(
                "clone,clone3,fork,vfork:error=EAGAIN:when=1..4",
                in: service.supervisor,
                withChildren: false
            )
            kill(victim, SIGKILL)
            try service.log.wait(for: "worker exited", after: mark)
            #expect(try service.answer(.get("/notes")).status == 200)
            try service.log.wait(for: "worker ready", after: mark)
            fault.end()
            #expect(service.hasWorkers(2))
            service.stop()
        }
    }
}
