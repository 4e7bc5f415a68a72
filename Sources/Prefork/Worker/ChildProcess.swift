import Glibc
import Linux

/// A child that does one thing before there is a supervisor, and is gone.
///
/// A process that is to become a supervisor may start no thread and wait for nobody, so what loads a library that does, or
/// asks another host, is done by a child.
public enum ChildProcess {
    /// Has a child run the body, on a fresh thread as in a worker.
    ///
    /// Call it before ``Supervisor/run()``, while the process has a single thread. It holds signals as
    /// ``ProcessStart/holdSignals()`` does; those that come meanwhile are dealt with when the supervisor runs.
    /// - Parameters:
    ///   - time: How long to wait; the child is killed then.
    ///   - body: What it does; the text it returns is the answer.
    /// - Returns: The answer; `nil` when there was none in time, or the child died, or could not be made.
    public static func run(within time: Duration, _ body: @escaping @Sendable () -> String) -> String? {
        ProcessStart.holdSignals()
        // Whose parent ignored it would get no sign of the child's end.
        signal(SIGCHLD, SIG_DFL)
        let parent = getpid()
        let deadline = MonotonicInstant.now + time
        guard CurrentProcess.threadCount <= 1, let answer = try? FileDescriptor.inMemory("answer") else { return nil }
        let child = fork()
        guard child >= 0 else { return nil }
        if child == 0 { become(parent, answering: answer.rawValue, body) }
        guard hasEnded(child, by: deadline) else {
            kill(child, SIGKILL)
            _ = waitpid(child, nil, 0)
            return nil
        }
        lseek(answer.rawValue, 0, SEEK_SET)
        return SystemFile.read(answer.rawValue).flatMap { $0.hasSuffix(Self.end) ? String($0.dropLast()) : nil }
    }

    /// What stands behind an answer that is whole.
    private static let end = "\n"

    private static func become(
        _ parent: Int32,
        answering answer: CInt,
        _ body: @escaping @Sendable () -> String
    ) -> Never {
        CurrentProcess.setParentDeathSignal(SIGKILL)
        guard getppid() == parent else { _exit(WorkerExit.immediate) }
        let thread = try? Thread.start {
            SystemFile.write(body() + Self.end, to: answer)
            _exit(0)
        }
        if thread == nil { _exit(ExitCode.workersCannotBoot.rawValue) }
        while true { pause() }
    }

    /// Waits for the child's end and reaps it.
    private static func hasEnded(_ child: Int32, by deadline: MonotonicInstant) -> Bool {
        let ends = SignalSet([SIGCHLD])
        while true {
            let reaped = waitpid(child, nil, WNOHANG)
            if reaped == child { return true }
            guard MonotonicInstant.now < deadline else { return false }
            // The signal may be another child's: those of a program that this one took over from.
            _ = ends.wait(atMost: deadline - .now)
        }
    }
}
