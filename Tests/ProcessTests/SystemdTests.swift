import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Under systemd")
    struct SystemdTests {
        /// The units, with a program that is there.
        private func units() throws -> TemporaryDirectory {
            let directory = try TemporaryDirectory()
            for name in ["service.service", "service.socket"] {
                let unit = try #require(ProcessTree.read(Binary.package + "/deploy/systemd/" + name))
                let text = unit.replacing("/opt/service/service", with: Binary.fixture.path)
                let file = open(directory.path + "/" + name, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
                defer { close(file) }
                #expect(write(file, text, text.utf8.count) == text.utf8.count)
            }
            return directory
        }

        @Test("the units are without fault", .needs(.systemdAnalyze))
        func verified() throws {
            let directory = try units()
            let done = try Finished.running([
                "systemd-analyze", "verify", directory.path + "/service.service", directory.path + "/service.socket",
            ])
            #expect(done.exit == .code(0))
            #expect(done.output + done.errors == "")
        }

        /// 0 is a service that can do nothing, 10 one that can do everything.
        @Test("the service may do little beside serving: its exposure is at most 1.2", .needs(.systemdAnalyze))
        func exposure() throws {
            let directory = try units()
            let done = try Finished.running([
                "systemd-analyze", "security", "--offline=true", "--no-pager", directory.path + "/service.service",
            ])
            let line = done.output.split(separator: "\n").first { $0.contains("Overall exposure level") }
            let level = line?.split(separator: " ").lazy.compactMap { Double($0) }.first
            #expect(try #require(level, "\(done.output)\(done.errors)") <= 1.2)
        }

        @Test(
            "the first client has systemd start it with the socket, and that is where it listens",
            .needs(.systemdSocketActivate, .bash)
        )
        func activated() throws {
            let directory = try TemporaryDirectory()
            try Service.prepare(.fixture, Service.environment(in: directory, [:]))
            var environment = Service.environment(in: directory, ["WEB_CONCURRENCY": "1"])
            // What else the service were to listen on if nobody passed it a socket.
            environment["PORT"] = "1"
            let passed = environment.map { "--setenv=\($0.key)=\($0.value)" }
            let port = try { () throws -> UInt16 in try ListeningSocket().port }()
            // Who connects until somebody listens is the first client.
            let client = "(until exec 9<>/dev/tcp/127.0.0.1/\(port); do sleep 0.02; done) 2>/dev/null & exec \"$@\""
            let service = try Service(
                workers: 1,
                in: directory,
                migrates: false,
                running: ["bash", "-c", client, "bash", "systemd-socket-activate", "--listen=127.0.0.1:\(port)"]
                    + passed
                    + [Binary.fixture.path, "serve"]
            )
            #expect(service.port == port)
            #expect(try service.answer(.get("/livez")).status == 200)
            service.signal(SIGTERM)
            #expect(service.waitForExit() == .code(0), "\(service.log.tail)")
            #expect(service.log.faults == [])
        }
    }
}
