import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("status in a terminal", .needs(.tmux))
    struct LiveStatusTests {
        /// A terminal with a shell in it.
        private final class Terminal {
            private let directory: TemporaryDirectory

            init(columns: Int, rows: Int) throws {
                directory = try TemporaryDirectory()
                try tmux("new-session", "-d", "-x", "\(columns)", "-y", "\(rows)", "env", "PS1=ready> ", "sh")
                try wait("the shell") { $0.contains("ready>") }
            }

            deinit { _ = try? tmux("kill-server") }

            @discardableResult
            func tmux(_ arguments: String...) throws -> String {
                let command = ["tmux", "-u", "-f", "/dev/null", "-S", directory.path + "/tmux"] + arguments
                let finished = try Finished.running(command, environment: ["HOME": directory.path, "SHELL": "/bin/sh"])
                guard finished.exit == .code(0) else {
                    throw Spawned.Failure(description: "\(arguments): \(finished.errors)")
                }
                return finished.output
            }

            func type(_ text: String) throws {
                try tmux("send-keys", "-l", text)
                try tmux("send-keys", "Enter")
            }

            func press(_ key: String) throws { try tmux("send-keys", key) }

            func resize(columns: Int, rows: Int) throws {
                try tmux("resize-window", "-x", "\(columns)", "-y", "\(rows)")
            }

            /// What is on the screen, line by line.
            func lines() throws -> [String] {
                try tmux("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            }

            func wait(
                _ what: String,
                sourceLocation: SourceLocation = #_sourceLocation,
                until isSeen: (String) -> Bool
            ) throws {
                var seen = ""
                let found = try eventually {
                    seen = try lines().joined(separator: "\n")
                    return isSeen(seen)
                }
                #expect(found, "\(what) is not on the screen:\n\(seen)", sourceLocation: sourceLocation)
            }
        }

        private func command(_ service: Service, _ arguments: String...) -> String {
            (Binary.fixture.command("status", "--pid", "\(service.supervisor)") + arguments).joined(separator: " ")
        }

        /// The number behind a word.
        private func number(_ word: String, in screen: String) -> Double? {
            guard let found = screen.firstRange(of: word + " ") else { return nil }
            return Double(screen[found.upperBound...].prefix { $0.isNumber || $0 == "." })
        }

        @Test("is the service as it is each second, and what happened lately; q leaves the terminal as it was")
        func live() throws {
            let ops = try OpsService(workers: 2)
            let terminal = try Terminal(columns: 120, rows: 40)
            try terminal.type("echo was-there-before")
            let load = Load(on: ops.service.address, clients: 2, style: .keepAlive) { _, _ in .get("/sleep/10") }
            try terminal.type(command(ops.service))
            try terminal.wait("the title") {
                $0.hasPrefix("fixture, supervisor \(ops.service.supervisor): 2 of 2 workers ready")
            }
            try terminal.wait("the load") { screen in
                let rate = number("requests/s", in: screen) ?? 0
                let median = number("p50", in: screen) ?? 0
                // Two clients that wait 10 ms each time.
                return rate > 20 && rate < 250 && median >= 10 && screen.contains("GET /sleep/{milliseconds}")
            }
            try terminal.wait("the request in flight") { $0.contains(": GET /sleep/10, ") }
            let victim = try #require(ops.service.workers.first)
            kill(victim, SIGKILL)
            try terminal.wait("the death") { $0.contains("worker exited") && $0.contains("worker=\(victim)") }
            try terminal.wait("the successor") { $0.contains("2 of 2 workers ready") }
            #expect(try terminal.lines()[39] == "q quits")

            try terminal.resize(columns: 60, rows: 16)
            try terminal.wait("the smaller screen") { screen in
                let lines = screen.split(separator: "\n", omittingEmptySubsequences: false)
                return lines.count >= 16 && lines[15] == "q quits" && screen.contains("recent events:")
                    && screen.hasPrefix("fixture, supervisor")
            }
            try terminal.resize(columns: 120, rows: 40)
            try terminal.wait("the larger screen") { $0.split(separator: "\n").last == "q quits" }

            _ = load.stop()
            try terminal.press("q")
            try terminal.wait("what was there") { $0.contains("was-there-before") && !$0.contains("q quits") }
            try terminal.type(
                "stty -a | tr ';' ' ' | grep -o -w -e '-*icanon' -e '-*echo' -e '-*isig' | tr '\\n' '/'; echo"
            )
            try terminal.wait("an ordinary terminal") { $0.contains("isig/icanon/echo/") }
            ops.service.stop()
        }

        @Test("says that the service has gone, finds its successor, and leaves by ^C")
        func successor() throws {
            let directory = try TemporaryDirectory()
            let copy = directory.path + "/OnlyOne"
            _ = try Finished.running(["install", "-m", "755", Binary.fixture.path, copy])
            let first = try Service(workers: 1, binary: copy)
            let terminal = try Terminal(columns: 100, rows: 30)
            try terminal.type((User.ofService.launcher + [copy, "status"]).joined(separator: " "))
            try terminal.wait("the service") { $0.hasPrefix("fixture, supervisor \(first.supervisor)") }
            // It keeps no events, and counts no percentiles: what there is is shown.
            try terminal.wait("why there are no events") { $0.contains("OPS_PORT is not set") }
            first.stop()
            try terminal.wait("that it has gone") { $0.contains("The service has gone") }
            let second = try Service(workers: 1, binary: copy)
            try terminal.wait("the successor") {
                $0.hasPrefix("fixture, supervisor \(second.supervisor): 1 of 1") && !$0.contains("has gone")
            }
            try terminal.press("C-c")
            try terminal.wait("the shell") { $0.contains("ready>") && !$0.contains("q quits") }
            second.stop()
        }

        @Test("prints once where that is asked for, and where there is no terminal")
        func once() throws {
            let service = try Service(workers: 1)
            let terminal = try Terminal(columns: 140, rows: 30)
            try terminal.type(command(service, "--once") + "; echo ended")
            try terminal.wait("its end") { $0.contains("\nended") && $0.contains("supervisor \(service.supervisor)\n") }
            let finished = try Finished.running(Binary.fixture.command("status", "--pid", "\(service.supervisor)"))
            #expect(finished.exit == .code(0) && !finished.output.contains("\u{1b}"))
            service.stop()
        }

        @Test("leaves the terminal as it was when it is ended by a signal")
        func ended() throws {
            let service = try Service(workers: 1)
            let terminal = try Terminal(columns: 100, rows: 30)
            try terminal.type(command(service) + "; echo ended with $?")
            try terminal.wait("the service") { $0.hasPrefix("fixture, supervisor") }
            let viewers = ProcessTree.descendants(
                of: try #require(pid_t(terminal.tmux("display", "-p", "#{pane_pid}").filter(\.isNumber)))
            )
            for viewer in viewers { kill(viewer, SIGTERM) }
            try terminal.wait("how it ended") { $0.contains("ended with 143") && !$0.contains("q quits") }
            service.stop()
        }
    }
}
