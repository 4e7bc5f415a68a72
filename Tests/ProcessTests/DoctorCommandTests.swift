import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The doctor, as a command")
    struct DoctorCommandTests {
        private static let key = "doctors-0123456789abcdef"

        private func examine(
            _ variables: [String: String] = [:],
            _ options: [String] = [],
            in directory: TemporaryDirectory,
            launcher: [String] = []
        ) throws -> Finished {
            let command = Binary.fixture.command("doctor") + options
            let user = User.ofService.launcher.count
            return try Finished.running(
                command[..<user] + launcher + command[user...],
                environment: Service.environment(in: directory, variables)
            )
        }

        /// What `--json` says of a subject.
        private func weight(_ subject: String, _ finished: Finished) throws -> String? {
            guard case .array(let findings)? = try JSON(finished.output.utf8)["findings"] else { return nil }
            return findings.first { $0["subject"]?.string == subject }?["weight"]?.string
        }

        @Test("finds a service whose database is missing, and that all is well when it is there")
        func examined() throws {
            let directory = try TemporaryDirectory()
            let without = try examine(in: directory)
            #expect(without.exit == .code(1))
            #expect(without.output.contains("FAULT   database"))
            #expect(without.output.contains("change:  run the `migrate` command"))
            #expect(without.output.contains("the database lies on "))
            try Service.prepare(.fixture, Service.environment(in: directory, [:]))
            let with = try examine(in: directory)
            #expect(with.exit == .code(0), "\(with.output)")
            #expect(with.output.contains("ok      database"))
            #expect(with.errors == "")
            // Without OPS_PORT there is advice.
            #expect(try examine([:], ["--strict"], in: directory).exit == .code(1))
            #expect(!with.output.contains("\u{1B}"), "no terminal, no colours")
        }

        @Test("of a running service sees that its port is taken, and disturbs nobody")
        func taken() throws {
            let directory = try TemporaryDirectory()
            let service = try Service(workers: 1, in: directory)
            let output = try examine(["PORT": "\(service.port)"], ["--json"], in: directory)
            #expect(output.exit == .code(0))
            #expect(try weight("port", output) == "advice")
            #expect(try service.answer(.get("/livez")).status == 200)
            service.stop()
            #expect(try weight("port", examine(["PORT": "\(service.port)"], ["--json"], in: directory)) == "fine")
        }

        @Test("leaves no unix socket behind")
        func unixSocket() throws {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/socket"
            let output = try examine(["HOST": "unix:" + path], ["--json"], in: directory)
            #expect(try weight("port", output) == "fine")
            #expect(access(path, F_OK) != 0)
            #expect(try weight("port", examine(["HOST": "unix:/nowhere/socket"], ["--json"], in: directory)) == "fault")
        }

        @Test("in bad surroundings says what is bad", .needs(.prlimit))
        func bad() throws {
            let directory = try TemporaryDirectory()
            try Service.prepare(.fixture, Service.environment(in: directory, [:]))
            let few = try examine([:], ["--json"], in: directory, launcher: ["prlimit", "--nofile=64:64"])
            #expect(try weight("descriptors", few) == "advice")
            let open = try examine(
                [:],
                ["--json"],
                in: directory,
                launcher: ["sh", "-c", "umask 0; exec \"$@\"", "sh"]
            )
            #expect(try weight("user", open) == "advice")
            let closed = try examine(
                [:],
                ["--json"],
                in: directory,
                launcher: ["sh", "-c", "umask 077; exec \"$@\"", "sh"]
            )
            #expect(try weight("user", closed) == (User.ofService == .root ? "advice" : "fine"))
            let slow = try examine(["KEEPALIVE_TIMEOUT": "95s"], ["--json", "--balancer", "600s"], in: directory)
            #expect(try weight("keep-alive", slow) == "advice")
            let hasty = try examine([:], ["--json", "--grace", "5s"], in: directory)
            #expect(try weight("stop", hasty) == "advice")
        }

        @Test("as an ordinary user says that too few processes are granted", .needs(.prlimit), .needsOrdinaryUser)
        func fewProcesses() throws {
            let directory = try TemporaryDirectory()
            try Service.prepare(.fixture, Service.environment(in: directory, [:]))
            // SQLite asks nobody for a process, and the doctor needs none.
            let few = try examine([:], ["--json"], in: directory, launcher: ["prlimit", "--nproc=20:20"])
            #expect(few.exit == .code(1))
            #expect(try weight("processes", few) == "fault")
        }

        @Test("as an ordinary user says that a port below 1024 is not for it", .needsOrdinaryUser)
        func privileged() throws {
            guard ProcessTree.read("/proc/sys/net/ipv4/ip_unprivileged_port_start")?.hasPrefix("1024") != false else {
                return
            }
            let directory = try TemporaryDirectory()
            let finished = try examine(["PORT": "80"], ["--json"], in: directory)
            #expect(finished.exit == .code(1))
            #expect(try weight("port", finished) == "fault")
        }

        @Test("tells no secret, only where one lies badly", arguments: [[], ["--json"]])
        func secrets(_ options: [String]) throws {
            let directory = try TemporaryDirectory()
            let variables = ["OPS_TOKEN": Self.key, "OPS_PORT": "0"]
            let finished = try examine(variables, options, in: directory)
            #expect(finished.output.contains("OPS_TOKEN_FILE"))
            #expect(!(finished.output + finished.errors).contains(Self.key))
            let url = "postgres://me:\(Self.key)@127.0.0.1:1/x?connect_timeout=1"
            let server = try examine(["DATABASE_URL": url], options, in: directory)
            #expect(server.output.contains("DATABASE_URL_FILE"))
            #expect(!(server.output + server.errors).contains(Self.key))
        }

        @Test("of a faulty configuration says all faults, exit code 78, and of a faulty option what is expected")
        func faulty() throws {
            let directory = try TemporaryDirectory()
            let finished = try examine(["PORT": "http", "WEB_THREADS": "many"], in: directory)
            #expect(finished.exit == .code(78))
            #expect(finished.errors.contains("PORT") && finished.errors.contains("WEB_THREADS"))
            let option = try examine([:], ["--grace", "long"], in: directory)
            #expect(option.exit == .code(64))
            #expect(option.errors.contains("--grace must be a duration"))
        }
    }
}
