import Glibc
import Testing

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
            let loads = Load.mixed(on: service.address, of: try Hotel(of: service))
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
            let loads = Load.mixed(on: .port(balancer.port), of: try Hotel(of: service))
            #expect(loads.waitForAnswers(50))
            for _ in 0..<3 { try upgrade(service) }
            loads.expectNoLoss("upgrades behind \(kind)", times: 3)
            service.stop()
        }

        /// What may lie in the place of the next program.
        enum Broken: String, CaseIterable, Sendable {
            case missing, garbage, exiting, hanging, crashing

            /// What the log says about it.
            var words: String {
                switch self {
                case .missing: "No such file"
                case .garbage: "Exec format error"
                case .exiting: "exited with code 3"
                case .hanging: "did not become ready in time"
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
            let program = directory.path + "/App"
            try #require(symlink(Binary.path, program) == 0)
            let service = try Service(
                workers: 2,
                environment: ["BOOT_TIMEOUT": "1s", "SHUTDOWN_TIMEOUT": "2s", "REQUEST_TIMEOUT": "1s"],
                in: directory,
                binary: program
            )
            let workers = service.workers
            let loads = Load.mixed(on: service.address, of: try Hotel(of: service), clients: 3)
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
            try #require(symlink(Binary.path, program) == 0)
            try upgrade(service)
            loads.expectNoLoss("broken programs", times: Broken.allCases.count)
            service.stop()
        }

        @Test("a storm of USR2 0 to 25 ms apart: no request fails, and a clean upgrade works afterwards")
        func storm() throws {
            let service = try Service(workers: 2)
            let loads = Load.mixed(on: service.address, of: try Hotel(of: service), clients: 3)
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
