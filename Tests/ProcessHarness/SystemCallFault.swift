import Glibc

/// Makes system calls of a running process and its children fail or take long, by strace(1): the product needs no hooks.
final class SystemCallFault {
    private let process: Spawned
    private var hasEnded = false
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - injection: As in `strace -e inject=`, such as `clone:error=EAGAIN:when=1..3`.
    ///   - withChildren: Whether processes that it forks from now on are meant too.
    init(_ injection: String, in pid: pid_t, withChildren: Bool) throws {
        directory = try TemporaryDirectory()
        let output = open(directory.path + "/output", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let calls = injection.prefix { $0 != ":" }
        process = try Spawned(
            ["strace", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e", "inject=\(injection)"]
                + (withChildren ? ["-f"] : []) + ["-p", "\(pid)"],
            environment: ["PATH": Binary.searchPath],
            output: output,
            errors: output
        )
        let tracer = "TracerPid:\t\(process.pid)\n"
        guard eventually({ ProcessTree.read("/proc/\(pid)/status")?.contains(tracer) == true }) else {
            throw Spawned.Failure(description: "strace: \(ProcessTree.read(directory.path + "/output") ?? "")")
        }
    }

    /// Lets go of the process: calls behave again.
    func end() {
        guard !hasEnded else { return }
        hasEnded = true
        kill(process.pid, SIGTERM)
        if process.wait(by: .after(5)) == nil {
            kill(process.pid, SIGKILL)
            _ = process.wait(by: .after(5))
        }
    }

    deinit { end() }
}
