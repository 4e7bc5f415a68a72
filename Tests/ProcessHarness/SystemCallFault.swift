import Glibc

/// Makes system calls of a running process and its children fail or take long, by strace(1): the product needs no hooks.
final class SystemCallFault {
    private let process: Spawned
    private var hasEnded = false
    private let directory: TemporaryDirectory

    /// - Parameters:
    ///   - injection: As in `strace -e inject=`, such as `clone:error=EAGAIN:when=1..3`. `when` counts the calls of each
    ///     thread for itself.
    ///   - descriptor: What the calls are about, as readlink(1) names it in /proc/PID/fd, such as `socket:[4711]`. Others
    ///     are neither counted nor touched.
    ///   - withChildren: Whether its threads are meant too, and processes that it forks from now on.
    init(_ injection: String, about descriptor: String? = nil, in pid: pid_t, withChildren: Bool) throws {
        directory = try TemporaryDirectory()
        let output = open(directory.path + "/output", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let calls = injection.prefix { $0 != ":" }
        process = try Spawned(
            ["strace", "-o", "/dev/null", "-e", "trace=\(calls)", "-e", "inject=\(injection)"]
                + (descriptor.map { ["-P", $0] } ?? []) + (withChildren ? ["-f"] : []) + ["-p", "\(pid)"],
            environment: ["PATH": Binary.searchPath],
            output: output,
            errors: output
        )
        // It says so when it holds every thread. /proc/PID/status names the tracer before that.
        let said = directory.path + "/output"
        guard eventually({ ProcessTree.read(said)?.contains("strace: Process \(pid) attached") == true }) else {
            throw Spawned.Failure(description: "strace: \(ProcessTree.read(said) ?? "")")
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
