import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Settings at their ends")
    struct ConfigurationTests {
        /// An environment, and how such a service is stopped.
        struct Extreme: Sendable, CustomTestStringConvertible {
            let environment: [String: String]
            var order = SIGTERM

            var testDescription: String {
                environment.map { "\($0.key)=\($0.value.prefix(40))" }.sorted().joined(separator: " ")
            }
        }

        private static func durations(_ text: String) -> [String: String] {
            let keys = ["REQUEST_TIMEOUT", "BOOT_TIMEOUT", "SHUTDOWN_TIMEOUT", "KEEPALIVE_TIMEOUT"]
            return Dictionary(uniqueKeysWithValues: keys.map { ($0, text) })
        }

        private static let extremes =
            [
                Extreme(environment: ["MAX_REQUESTS": "1000000000000"]),
                Extreme(environment: ["MAX_REQUESTS": "1"]),
                Extreme(environment: ["MAX_BODY_SIZE": "1GiB"]),
                Extreme(environment: ["MAX_BODY_SIZE": "0"]),
                Extreme(environment: ["MAX_BODY_MEMORY": "1024GiB"]),
                Extreme(environment: ["MAX_BODY_MEMORY": "0"]),
                Extreme(environment: ["MAX_CONNECTIONS": "1048576"]),
                Extreme(environment: ["MAX_CONNECTIONS": "1"]),
                Extreme(environment: ["BACKLOG": "65535"]),
                Extreme(environment: ["BACKLOG": "1"]),
                Extreme(environment: ["MAX_WORKER_MEMORY": "1024GiB"]),
                Extreme(environment: ["MAX_WORKER_MEMORY": "1"]),
                Extreme(environment: ["MAX_WORKER_AGE": "168h"]),
                Extreme(environment: ["MAX_WORKER_AGE": "1ms"]),
                Extreme(environment: durations("604800")),
                Extreme(environment: durations("100ms")),
                Extreme(environment: ["DRAIN_DELAY": "168h"], order: SIGQUIT),
                Extreme(environment: ["DRAIN_DELAY": "0.000001ms"]),
                Extreme(environment: ["WEB_CONCURRENCY": "200"]),
                Extreme(environment: ["WEB_CONCURRENCY": "1-200"]),
                Extreme(environment: ["PORT": "65535"]),
                Extreme(environment: ["HOST": "localhost"]),
                Extreme(environment: [
                    "TRUSTED_PROXIES": "::/0," + Array(repeating: "10.0.0.0/8", count: 5000).joined(separator: ",")
                ]),
                Extreme(environment: [
                    "API_KEYS": (100..<500).map {
                        "key-\($0)=read:sha256:" + String(repeating: "0", count: 61) + "\($0)"
                    }
                    .joined(separator: ",")
                ]),
                Extreme(environment: ["API_KEYS": "open", "RATE_LIMIT_ADDRESS": "1000000/1h"]),
            ]
            + ["trace", "debug", "info", "notice", "warning", "error", "critical"].map {
                Extreme(environment: ["LOG_LEVEL": $0])
            }

        @Test("a service with an extreme that is accepted boots, answers, and stops with 0", arguments: extremes)
        func accepted(_ extreme: Extreme) throws {
            // A worker that loses its processor has not drained in 100 ms: that is another run, and not another code.
            for _ in 0..<3 where try exit(of: extreme) == .code(0) { return }
            Issue.record("no run stopped with 0")
        }

        private func exit(of extreme: Extreme) throws -> Exit? {
            let directory = try TemporaryDirectory()
            // Not every level of the log tells the port.
            let port = try extreme.environment["PORT"].flatMap { UInt16($0) } ?? ListeningSocket().port
            let environment = Service.environment(
                in: directory,
                ["WEB_CONCURRENCY": "2", "PORT": "\(port)"].merging(extreme.environment) { $1 }
            )
            try Service.prepare(.fixture, environment)
            let path = directory.path + "/output"
            let output = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(output) }
            let process = try Spawned(
                Binary.fixture.command("serve"),
                environment: environment,
                output: output,
                errors: output
            )
            defer { kill(process.pid, SIGKILL) }
            func log() -> String { String((ProcessTree.read(path) ?? "").suffix(2000)) }
            let answers = eventually {
                guard let connection = try? Connection(to: port) else { return false }
                return connection.exchange(.get("/livez")).status == 200
            }
            #expect(answers, "\(log())")
            kill(process.pid, extreme.order)
            let exit = process.wait(by: .generous)
            let isCut = extreme.environment["SHUTDOWN_TIMEOUT"] == "100ms" && exit == .code(75)
            #expect(exit == .code(0) || isCut, "\(log())")
            return exit
        }

        @Test("the longest path of a unix socket is one that a service can listen on; no longer one is accepted")
        func longestSocketPath() throws {
            let directory = try TemporaryDirectory()
            let folder = directory.path + "/"
            let path = folder + String(repeating: "s", count: 107 - folder.utf8.count)
            let service = try Service(environment: ["HOST": "unix:" + path], in: directory)
            #expect(try service.answer(.get("/livez")).status == 200)
            service.stop()
            let longer = service.environment.merging(["HOST": "unix:\(path)s"]) { $1 }
            let refused = try Finished.running(Binary.fixture.command("serve"), environment: longer)
            #expect(refused.exit == .code(78), "\(refused.output)\(refused.errors)")
        }

        @Test(
            "what could only fail later is a fault of the configuration: exit 78",
            arguments: [
                ("MAX_REQUESTS", "9223372036854775807"), ("HOST", "10.0.0.0/8"), ("HOST", "::1%lo"), ("HOST", "unix:/"),
                ("API_KEYS", ","), ("API_KEYS", " "), ("TRUSTED_PROXIES", ","), ("BOOT_TIMEOUT", "1ms"),
            ]
        )
        func refused(_ key: String, _ value: String) throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, [key: value])
            for command in ["config", "serve"] {
                let done = try Finished.running(
                    Binary.fixture.command(command),
                    environment: environment,
                    by: .after(10)
                )
                #expect(done.exit == .code(78), "\(command): \(done.output)\(done.errors)")
                #expect((done.output + done.errors).contains(key))
            }
        }
    }
}
