import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("What the README tells people to type")
    struct ReadmeTests {
        /// The lines to type below a bold lead such as `**Break it.**`.
        private func commands(below lead: String) throws -> String {
            let readme = try #require(ProcessTree.read(Binary.package + "/README.md"))
            let behind = try #require(readme.firstRange(of: lead)).upperBound
            let start = try #require(readme[behind...].firstRange(of: "```sh\n")).upperBound
            let end = try #require(readme[start...].firstRange(of: "```")).lowerBound
            return String(readme[start..<end])
        }

        /// A checkout whose build is done already: bin/run finds a `swift` that has nothing to do.
        private func checkout() throws -> TemporaryDirectory {
            let directory = try TemporaryDirectory()
            let made = try Finished.running(
                User.ofService.launcher + [
                    "sh", "-ec",
                    """
                    cd "$1"
                    mkdir -p .build/release tools
                    cp -r "$2/bin" bin
                    ln -s "$3" .build/release/App
                    printf '#!/bin/sh\\n' >tools/swift
                    chmod +x tools/swift
                    """,
                    "checkout", directory.path, Binary.package, Binary.app.path,
                ]
            )
            #expect(made.exit == .code(0), "\(made.errors)")
            return directory
        }

        @Test(
            "Break it: the line kills one worker of what bin/run started, and nothing of a neighbour's",
            .needs(.bash, .curl, .pkill)
        )
        func breakIt() throws {
            let line = try commands(below: "**Break it.**")
            // Older than what bin/run starts, as it may be on a host where several services run.
            let neighbour = try Service(.app, workers: 2)
            let strangers = neighbour.workers

            let checkout = try checkout()
            let own = try Service(
                .app,
                workers: 2,
                environment: ["PATH": "\(checkout.path)/tools:\(Binary.searchPath)"],
                in: checkout,
                running: ["bash", checkout.path + "/bin/run"]
            )
            let workers = own.workers
            let port = "\(own.port)"
            let typed = try Finished.running(
                User.ofService.launcher + [
                    "bash", "-c", "cd \(checkout.path)\n" + line.replacing("8080", with: port),
                ]
            )
            #expect(typed.exit == .code(0), "\(typed.errors)")
            #expect(typed.output == "ok\n")
            #expect(typed.errors == "")
            #expect(eventually { own.workers.count == 2 && own.workers != workers })
            #expect(Set(own.workers).intersection(workers).count == 1, "just one")
            let exited = try own.log.wait(for: "worker exited")
            #expect(exited["how"]?.string?.contains("SIGKILL") == true, "\(exited.line)")
            #expect(neighbour.workers == strangers)
            neighbour.stop()
            own.stop()
        }
    }
}
