import CLinux
import Glibc

/// A service that may not come up: for tests of the start itself, where ``Service`` waits for `ready`.
final class StartingService {
    let log: EventLog
    private let process: Spawned
    private var hasEnded = false

    var supervisor: pid_t { process.pid }

    init(_ command: [String] = Binary.fixture.command("serve"), environment: [String: String]) throws {
        var pipe: [CInt] = [0, 0]
        guard clinux_pipe(&pipe) == 0 else { throw Spawned.Failure(description: "no pipe: errno \(errno)") }
        defer { close(pipe[1]) }
        do {
            process = try Spawned(command, environment: environment, output: pipe[1], errors: pipe[1])
        } catch {
            close(pipe[0])
            throw error
        }
        log = EventLog(reading: pipe[0]) { _ in }
    }

    deinit {
        guard !hasEnded else { return }
        for descendant in ProcessTree.descendants(of: process.pid) { kill(descendant, SIGKILL) }
        kill(process.pid, SIGKILL)
        _ = process.wait(by: .after(5))
    }

    func signal(_ signal: Int32) { kill(process.pid, signal) }

    func waitForExit(by deadline: Deadline = .generous) -> Exit? {
        let exit = process.wait(by: deadline)
        hasEnded = exit != nil
        return exit
    }

    /// Whether the process blocks a signal now (proc_pid_status(5), SigBlk).
    func holds(_ signal: Int32) -> Bool {
        let lines = ProcessTree.read("/proc/\(process.pid)/status")?.split(separator: "\n") ?? []
        let mask = lines.first { $0.hasPrefix("SigBlk:") }?.split(separator: "\t").last.flatMap {
            UInt64($0, radix: 16)
        }
        return (mask ?? 0) & (1 << UInt64(signal - 1)) != 0
    }
}
