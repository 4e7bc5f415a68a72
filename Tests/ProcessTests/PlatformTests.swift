import CLinux
import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("On a platform")
    struct PlatformTests {
        @Test("as PID 1 it reaps strangers, replaces workers and stops cleanly", .needs(.unshare, .nsenter))
        func init1() throws {
            let service = try Service(
                workers: 2,
                launcher: ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
            )
            #expect(try service.log.wait(for: "ready").pid == 1)
            #expect(service.workers.count == 2)
            #expect(try service.answer(.get("/notes")).status == 200)

            // Orphans of a shell inside, with odd exit codes: their parent is gone, so they are PID 1's to bury.
            let mark = service.log.mark
            for code in [0, 3, 70, 255] {
                let shell = try Finished.running([
                    "nsenter", "--target", "\(service.supervisor)", "--pid", "--mount",
                    "sh", "-c", "sh -c 'exit \(code)' & sh -c 'kill -9 $$' & exit 0",
                ])
                #expect(shell.exit == .code(0), "\(shell.errors)")
            }
            #expect(eventually { ProcessTree.zombies(of: service.supervisor).isEmpty })
            #expect(service.log.events("worker exited", after: mark).isEmpty, "a stranger is no worker")
            #expect(service.hasWorkers(2))

            let old = service.workers
            for worker in old { kill(worker, SIGKILL) }
            #expect(eventually { service.workers.count == 2 && Set(service.workers).isDisjoint(with: old) })
            #expect(try service.answer(.get("/notes")).status == 200)

            service.signal(SIGTERM)
            service.expectCleanExit()
        }

        private static let hidesProc = [
            "unshare", "--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$0\" \"$@\"",
        ]

        @Test("without /proc it serves, rolls, moves on to the next program and stops", .needs(.unshare))
        func noProc() throws {
            let service = try Service(workers: 2, launcher: ["env"] + Self.hidesProc)
            #expect(try service.answer(.get("/notes")).status == 200)
            for order in [SIGHUP, SIGUSR2] {
                let mark = service.log.mark
                service.signal(order)
                try service.log.wait(for: "roll finished", after: mark)
                #expect(try service.answer(.get("/notes")).status == 200)
            }
            #expect(service.log.events("upgrade taken over").count == 1)
            service.stop()
        }

        @Test(
            "the binary links only what a slim image has, and never full Foundation",
            .needs(.readelf),
            arguments: [Binary.fixture, .app]
        )
        func linkage(_ binary: Binary) throws {
            let read = try Finished.running(["readelf", "--dynamic", "--wide", binary.path])
            #expect(read.exit == .code(0))
            let needed = read.output.split(separator: "\n").filter { $0.contains("(NEEDED)") }
                .map { String($0.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }) }
            #expect(needed.contains { $0.hasPrefix("libc.so") })
            #expect(needed.contains { $0.hasPrefix("libsqlite3.so") })
            #expect(needed.filter { $0.hasPrefix("libFoundation.so") || $0.contains("FoundationICU") } == [])
            #expect(needed.filter { $0.hasPrefix("libdispatch") && isStatic(needed) } == [])
            // A debug build links the Swift runtime from the toolchain.
            guard isStatic(needed) else { return }
            let allowed = [
                "libc.so", "libm.so", "libsqlite3.so", "libstdc++.so", "libgcc_s.so", "libdl.so", "libpthread.so",
                "librt.so", "ld-linux",
            ]
            #expect(needed.filter { name in !allowed.contains { name.hasPrefix($0) } } == [])
        }

        private func isStatic(_ needed: [String]) -> Bool {
            !needed.contains { $0.hasPrefix("libswiftCore") }
        }

        @Test("a service whose log nobody reads any more still serves, and stops gracefully")
        func brokenPipe() throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, ["WEB_CONCURRENCY": "2"])
            try Service.prepare(.fixture, environment)
            var pipe: [CInt] = [0, 0]
            try #require(clinux_pipe(&pipe) == 0)
            let process = try Spawned(
                Binary.fixture.command("serve"),
                environment: environment,
                output: pipe[1],
                errors: pipe[1]
            )
            defer { kill(process.pid, SIGKILL) }
            close(pipe[1])
            var log: [UInt8] = []
            var port: UInt16?
            var buffer = [UInt8](repeating: 0, count: 4096)
            while port == nil {
                let count = read(pipe[0], &buffer, buffer.count)
                try #require(count > 0, "it ended before it was ready")
                log += buffer[0..<count]
                port = log.split(separator: 0x0A).compactMap { try? JSON($0) }
                    .first { $0["message"]?.string == "ready" }?["port"]?.int.flatMap { UInt16(exactly: $0) }
            }
            close(pipe[0])
            let connection = try Connection(to: try #require(port))
            for _ in 0..<10 { #expect(connection.exchange(.get("/notes")).status == 200) }
            kill(process.pid, SIGTERM)
            #expect(process.wait(by: .generous) == .code(0))
        }
    }
}
