import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Upgrading in place")
    struct UpgradeTests {
        private func upgrade(_ service: Service) throws {
            let old = Set(service.workers)
            let mark = service.log.mark
            service.signal(SIGUSR2)
            let takenOver = try service.log.wait(for: "upgrade taken over", after: mark)
            #expect(takenOver["workers"]?.int == old.count, "all workers go on into the new program")
            try service.log.wait(for: "roll finished", after: mark)
            let ready = try service.log.wait(for: "ready", after: mark)
            #expect(ready.pid == service.supervisor, "whoever watches the process sees no change")
            #expect(eventually { service.workers.count == old.count && old.isDisjoint(with: service.workers) })
        }

        @Test("ten upgrades under load: exactly no request fails, and the supervisor keeps its process id")
        func upgrades() throws {
            let service = try Service(workers: 3)
            let loads = Load.mixed(on: service.address)
            #expect(loads.waitForAnswers(50))
            let descriptors = ProcessTree.descriptorCount(of: service.supervisor)
            for _ in 0..<10 { try upgrade(service) }
            #expect(loads.waitForAnswers(50))
            loads.expectNoLoss("upgrades", times: 10)
            #expect(ProcessTree.descriptorCount(of: service.supervisor) == descriptors)
            service.stop()
        }

        @Test(
            "upgrades behind a balancer that keeps connections alive: exactly no request fails",
            .needs(.nginx, .haproxy),
            arguments: Balancer.Kind.allCases
        )
        func upgradesBehindBalancer(_ kind: Balancer.Kind) throws {
            let service = try Service(workers: 3)
            let balancer = try Balancer(kind, before: service.port)
            let loads = Load.mixed(on: .port(balancer.port))
            #expect(loads.waitForAnswers(50))
            for _ in 0..<3 { try upgrade(service) }
            loads.expectNoLoss("upgrades behind \(kind)", times: 3)
            service.stop()
        }

        /// What may lie in the place of the next program.
        enum Broken: String, CaseIterable, Sendable {
            case missing, garbage, exiting, hanging, crashing, stubborn

            /// What the log says about it.
            var words: String {
                switch self {
                case .missing: "No such file"
                case .garbage: "Exec format error"
                case .exiting: "exited with code 3"
                case .hanging, .stubborn: "did not become ready in time"
                case .crashing: "SIGSEGV"
                }
            }

            fileprivate var content: String? {
                switch self {
                case .missing: nil
                case .garbage: "half a download"
                case .exiting: "#!/bin/sh\nexit 3\n"
                case .hanging: "#!/bin/sh\nexec sleep 60\n"
                case .crashing: "#!/bin/sh\nkill -SEGV $$\n"
                case .stubborn: "#!/bin/sh\ntrap '' TERM INT HUP\nwhile :; do sleep 0.1; done\n"
                }
            }
        }

        private func put(_ content: String?, at path: String) throws {
            unlink(path)
            guard let content else { return }
            let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o755)
            try #require(file >= 0)
            let bytes = Array(content.utf8)
            try #require(write(file, bytes, bytes.count) == bytes.count)
            close(file)
        }

        @Test("a broken new program changes nothing, the log says why, and the next good one takes over")
        func brokenPrograms() throws {
            let directory = try TemporaryDirectory()
            let program = directory.path + "/FixtureService"
            try #require(symlink(Binary.fixture.path, program) == 0)
            let service = try Service(
                workers: 2,
                environment: ["BOOT_TIMEOUT": "1s", "SHUTDOWN_TIMEOUT": "2s", "REQUEST_TIMEOUT": "1s"],
                in: directory,
                binary: program
            )
            let workers = service.workers
            let loads = Load.mixed(on: service.address, clients: 3)
            #expect(loads.waitForAnswers(20))
            for broken in Broken.allCases {
                try put(broken.content, at: program)
                let mark = service.log.mark
                service.signal(SIGUSR2)
                let abandoned = try service.log.wait(for: "upgrade abandoned", after: mark)
                #expect(abandoned["because"]?.string?.contains(broken.words) == true, "\(abandoned.line)")
                #expect(eventually { service.workers == workers }, "\(broken)")
                #expect(loads.waitForAnswers(20))
            }
            unlink(program)
            try #require(symlink(Binary.fixture.path, program) == 0)
            try upgrade(service)
            loads.expectNoLoss("broken programs", times: Broken.allCases.count)
            service.stop()
        }

        @Test("a program whose store is not ready takes over from none that serves")
        func storeNotReady() throws {
            let service = try Service(workers: 2)
            let workers = service.workers
            try #require(rename(service.databasePath, service.databasePath + ".away") == 0)
            let mark = service.log.mark
            service.signal(SIGUSR2)
            try service.log.wait(for: "upgrade abandoned", after: mark)
            #expect(service.workers == workers)
            try #require(rename(service.databasePath + ".away", service.databasePath) == 0)
            try upgrade(service)
            service.stop()
        }

        /// A service whose program is a link that the tests turn elsewhere.
        private func replaceable(_ environment: [String: String] = [:]) throws -> (Service, program: String) {
            let directory = try TemporaryDirectory()
            let program = directory.path + "/FixtureService"
            try #require(symlink(Binary.fixture.path, program) == 0)
            let service = try Service(workers: 2, environment: environment, in: directory, binary: program)
            return (service, program)
        }

        /// Puts a program that ends at once in the place of the good one, and back.
        private func withBrokenProgram(at program: String, _ body: () throws -> Void) throws {
            try put(Broken.exiting.content, at: program + ".broken")
            try #require(rename(program + ".broken", program) == 0)
            try body()
            try #require(symlink(Binary.fixture.path, program + ".good") == 0)
            try #require(rename(program + ".good", program) == 0)
        }

        @Test("what was tried is what takes over, though another program is renamed into its place meanwhile")
        func renamedDuringPreflight() throws {
            let (service, program) = try replaceable()
            for _ in 0..<5 {
                let mark = service.log.mark
                service.signal(SIGUSR2)
                try service.log.wait(for: "preflight: worker started", after: mark)
                try withBrokenProgram(at: program) {
                    try service.log.wait(for: "upgrade taken over", after: mark)
                    try service.log.wait(for: "ready", after: mark)
                }
                #expect(ProcessTree.read("/proc/\(service.supervisor)/comm") == "FixtureService\n")
            }
            service.stop()
        }

        @Test("a broken program renamed into place 0 to 19 ms after USR2 ends no service")
        func renamedAtAnyTime() throws {
            let (service, program) = try replaceable()
            for milliseconds in 0..<20 {
                let mark = service.log.mark
                service.signal(SIGUSR2)
                usleep(useconds_t(milliseconds * 1000))
                try withBrokenProgram(at: program) {
                    let outcome = eventually {
                        ["upgrade abandoned", "ready"].contains { !service.log.events($0, after: mark).isEmpty }
                            || service.log.waitForEnd(by: .after(0))
                    }
                    #expect(outcome)
                }
                try #require(
                    kill(service.supervisor, 0) == 0 && !service.log.waitForEnd(by: .after(0)),
                    "\(milliseconds) ms"
                )
            }
            #expect(try service.answer(.get("/notes")).status == 200)
            service.stop()
        }

        @Test("a preflight that ignores TERM holds a stop up no longer than a worker may, and does not outlive it")
        func stubbornPreflight() throws {
            let (service, program) = try replaceable(["SHUTDOWN_TIMEOUT": "2s", "REQUEST_TIMEOUT": "1s"])
            try put(Broken.stubborn.content, at: program)
            let preflight = try startPreflight(service)
            defer { if preflight.isAlive { kill(preflight.pid, SIGKILL) } }
            let asked = ContinuousClock.now
            service.signal(SIGTERM)
            #expect(service.waitForExit() == .code(0))
            #expect(ContinuousClock.now - asked < .seconds(8))
            #expect(!preflight.isAlive)
            #expect(service.log.waitForEnd())
        }

        @Test("a preflight that ignores TERM does not outlive a supervisor that is killed")
        func orphanedPreflight() throws {
            let (service, program) = try replaceable()
            try put(Broken.stubborn.content, at: program)
            let preflight = try startPreflight(service)
            defer { if preflight.isAlive { kill(preflight.pid, SIGKILL) } }
            service.signal(SIGKILL)
            #expect(service.waitForExit() == .signal(SIGKILL))
            #expect(eventually { !preflight.isAlive })
            #expect(service.log.waitForEnd())
        }

        /// Starts an upgrade. Returns the child that runs the new program.
        private func startPreflight(_ service: Service) throws -> ProcessIdentity {
            let workers = Set(service.workers)
            service.signal(SIGUSR2)
            var found: ProcessIdentity?
            let isThere = eventually {
                let child = service.workers.first { !workers.contains($0) }
                guard let child, ProcessTree.commandLine(of: child).contains("sh") else { return false }
                found = ProcessIdentity(pid: child)
                return found != nil
            }
            #expect(isThere)
            return try #require(found)
        }

        @Test("a storm of USR2 0 to 25 ms apart: no request fails, and a clean upgrade works afterwards")
        func storm() throws {
            let service = try Service(workers: 2)
            let loads = Load.mixed(on: service.address, clients: 3)
            #expect(loads.waitForAnswers(20))
            for milliseconds in 0...25 {
                service.signal(SIGUSR2)
                usleep(useconds_t(milliseconds * 1000))
                service.signal(milliseconds % 2 == 0 ? SIGHUP : SIGUSR2)
            }
            // An upgrade that is under way swallows the order for another, so it is asked for until one begins.
            let mark = service.log.mark
            #expect(
                eventually {
                    service.signal(SIGUSR2)
                    return !service.log.events("upgrade started", after: mark).isEmpty
                }
            )
            try service.log.wait(for: "ready", after: mark)
            #expect(eventually { service.workers.count == 2 })
            loads.expectNoLoss("USR2 and HUP", times: 52)
            service.stop()
        }
    }
}
