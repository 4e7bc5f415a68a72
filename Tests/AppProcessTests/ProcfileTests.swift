import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Under a Procfile runner")
    struct ProcfileTests {
        /// The Procfile and the binary where it looks for it; and the processes that honcho made of them.
        private final class Formation {
            private let directory: TemporaryDirectory
            private let environment: [String: String]
            private let outputPath: String
            private let runner: Spawned
            private var hasEnded = false

            /// - Parameter processes: Those to start; all when empty.
            init(starting processes: [String], afterRunning task: [String]? = nil) throws {
                directory = try TemporaryDirectory()
                let app = directory.path + "/.build/release"
                mkdir(directory.path + "/.build", 0o755)
                mkdir(app, 0o755)
                try #require(symlink(Binary.app.path, app + "/App") == 0)
                try #require(symlink(Binary.package + "/Procfile", directory.path + "/Procfile") == 0)
                environment = [
                    "PATH": Binary.searchPath, "PORT": "\(try ListeningSocket().port)", "HOST": "127.0.0.1",
                    "WEB_CONCURRENCY": "2", "DATABASE_URL": "sqlite:\(directory.path)/service.sqlite",
                ]
                let honcho = [Tool.honcho.command, "-d", directory.path]
                if let task {
                    let done = try Finished.running(honcho + ["run"] + task, environment: environment)
                    #expect(done.exit == .code(0), "\(done.errors)")
                }
                outputPath = directory.path + "/output"
                let file = open(outputPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
                defer { close(file) }
                runner = try Spawned(
                    honcho + ["start"] + processes,
                    environment: environment,
                    output: file,
                    errors: file
                )
            }

            /// Whether the release has migrated and become what honcho waits for.
            var releaseStays: Bool {
                ProcessTree.descendants(of: runner.pid).contains { ProcessTree.commandLine(of: $0).hasPrefix("sleep") }
            }

            deinit {
                guard !hasEnded else { return }
                for descendant in ProcessTree.descendants(of: runner.pid) { kill(descendant, SIGKILL) }
                kill(runner.pid, SIGKILL)
                _ = runner.wait(by: .after(5))
            }

            var output: String { ProcessTree.read(outputPath) ?? "" }
            var port: UInt16 { UInt16(environment["PORT"] ?? "") ?? 0 }

            /// The event that says that the web process serves.
            func ready() throws -> JSON {
                var ready: JSON?
                _ = eventually {
                    ready = output.split(separator: "\n").first { $0.contains("\"message\":\"ready\"") }
                        .flatMap { line in try? JSON(line.utf8.drop { $0 != UInt8(ascii: "{") }) }
                    return ready != nil
                }
                return try #require(ready, "\(output)")
            }

            /// Whether the runner has not ended, and so none of its processes.
            var isUp: Bool { runner.wait(by: .after(0)) == nil }

            func stop() -> Exit? {
                kill(runner.pid, SIGTERM)
                let exit = runner.wait(by: .generous)
                hasEnded = exit != nil
                return exit
            }

            var processes: [pid_t] { ProcessTree.descendants(of: runner.pid) }
        }

        private func expectCleanStop(of formation: Formation) {
            let processes = formation.processes
            #expect(formation.stop() != nil)
            #expect(formation.output.contains("\"message\":\"stopped\",\"code\":0"), "\(formation.output)")
            // Honcho kills what does not leave within five seconds.
            #expect(!formation.output.contains("SIGKILL"), "\(formation.output)")
            #expect(eventually { processes.allSatisfy { kill($0, 0) != 0 } })
        }

        @Test("honcho runs the release and then the web process, and stopping it is clean", .needs(.honcho))
        func startAndStop() throws {
            let formation = try Formation(starting: ["web"], afterRunning: [".build/release/App", "migrate"])
            let supervisor = pid_t(try formation.ready()["pid"]?.int ?? 0)
            #expect(ProcessTree.children(of: supervisor).count == 2)
            #expect(try Connection(to: formation.port).exchange(.get("/readyz")).status == 200)
            expectCleanStop(of: formation)
        }

        @Test(
            "a plain honcho start migrates and serves on PORT, and goes on when the migration is done",
            .needs(.honcho)
        )
        func startAll() throws {
            let formation = try Formation(starting: [])
            #expect(try formation.ready()["port"]?.int == Int(formation.port))
            // The release is done once every worker finds the schema.
            #expect(
                eventually { (try? Connection(to: formation.port))?.exchange(.get("/readyz")).status == 200 }
            )
            #expect(eventually { formation.releaseStays }, "\(formation.output)")
            #expect(formation.isUp, "\(formation.output)")
            #expect(!formation.output.contains("stopped"), "\(formation.output)")
            #expect(try Connection(to: formation.port).exchange(.get("/v1/rooms")).status == 200)
            expectCleanStop(of: formation)
        }

        @Test("on a platform, where nothing but the release runs, it ends with the migration's exit code")
        func release() throws {
            let procfile = try #require(ProcessTree.read(Binary.package + "/Procfile"))
            let line = try #require(procfile.split(separator: "\n").first { $0.hasPrefix("release:") })
            let command = line.dropFirst("release:".count).replacing(".build/release/App", with: Binary.app.path)
            let directory = try TemporaryDirectory()
            func run(_ database: String) throws -> Exit {
                try Finished.running(
                    User.ofService.launcher + ["sh", "-c", String(command)],
                    environment: ["DATABASE_URL": "sqlite:\(database)"],
                    by: .after(20)
                ).exit
            }
            #expect(try run(directory.path + "/service.sqlite") == .code(0))
            #expect(try run("/proc/nowhere/service.sqlite") == .code(1))
        }
    }
}
