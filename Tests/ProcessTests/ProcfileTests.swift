import Glibc
import Testing

extension ProcessTests {
    @Suite("Under a Procfile runner")
    struct ProcfileTests {
        private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        /// `bin/test` puts honcho there.
        private static let honcho = root + "/.build/tools/bin/honcho"
        private static let canRun =
            access(honcho, X_OK) == 0 && access(root + "/.build/release/App", X_OK) == 0

        @Test("honcho runs the release and then the web process, and stopping it is clean", .enabled(if: canRun))
        func startAndStop() throws {
            let directory = try TemporaryDirectory()
            let environment = [
                "PATH": Binary.searchPath, "PORT": "0", "HOST": "127.0.0.1", "WEB_CONCURRENCY": "2",
                "DATABASE_URL": "sqlite:\(directory.path)/stays.sqlite",
            ]
            let released = try Finished.running(
                [Self.honcho, "-d", Self.root, "run", ".build/release/App", "migrate"],
                environment: environment
            )
            #expect(released.exit == .code(0), "\(released.errors)")

            let path = directory.path + "/output"
            let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(file) }
            let runner = try Spawned(
                [Self.honcho, "-d", Self.root, "start", "web"],
                environment: environment,
                output: file,
                errors: file
            )
            var ready: JSON?
            #expect(
                eventually {
                    ready = (ProcessTree.read(path) ?? "").split(separator: "\n")
                        .first { $0.contains("\"message\":\"ready\"") }
                        .flatMap { line in try? JSON(line.utf8.drop { $0 != UInt8(ascii: "{") }) }
                    return ready != nil
                }
            )
            let supervisor = pid_t(ready?["pid"]?.int ?? 0)
            #expect(supervisor > 0)
            let workers = ProcessTree.children(of: supervisor)
            #expect(workers.count == 2)
            let port = try #require(ready?["port"]?.int.flatMap { UInt16(exactly: $0) })
            #expect(try Connection(to: port).exchange(.get("/livez")).status == 200)

            kill(runner.pid, SIGTERM)
            #expect(runner.wait(by: .generous) != nil)
            #expect(ProcessTree.read(path)?.contains("\"message\":\"stopped\",\"code\":0") == true)
            // Honcho kills what does not leave within five seconds.
            #expect(ProcessTree.read(path)?.contains("SIGKILL") == false)
            #expect(eventually { ([supervisor] + workers).allSatisfy { kill($0, 0) != 0 } })
        }
    }
}
