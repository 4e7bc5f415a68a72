import CLinux
import Glibc

/// A child process that has not been reaped, held by a pidfd (pidfd_open(2)) so that no signal ever hits a stranger.
public struct ProcessDescriptor: ~Copyable, Sendable {
    /// The process's id.
    public let pid: Int32
    /// `nil` where the kernel has no pidfds: then the process id must do. It cannot be reused before the child is reaped.
    private let descriptor: FileDescriptor?

    /// Of a child that has not been reaped.
    public init(pid: Int32) {
        self.pid = pid
        descriptor = try? FileDescriptor(clinux_pidfd_open(pid), of: "pidfd_open")
    }

    /// Sends it a signal.
    public func send(_ signal: CInt) {
        switch descriptor {
        case .some(let descriptor): _ = clinux_pidfd_send_signal(descriptor.rawValue, signal)
        case .none: kill(pid, signal)
        }
    }

    /// Whether the process is a child of this one that has not been reaped (waitid(2)).
    public static func isChild(_ pid: Int32) -> Bool { clinux_is_child(pid) }
}

/// How a process ended (wait(2)).
public enum ExitStatus: Hashable, Sendable {
    /// By itself, with this code.
    case exited(Int32)
    /// By a signal.
    case killed(signal: Int32)

    /// Reaps one child that has ended, whoever's it was. `nil` when there is none.
    public static func reapOne() -> (pid: Int32, status: ExitStatus)? {
        var status: CInt = 0
        while true {
            let pid = unsafe waitpid(-1, &status, WNOHANG)
            if pid < 0 && errno == EINTR { continue }
            guard pid > 0 else { return nil }
            if clinux_exited(status) { return (pid, .exited(clinux_exit_status(status))) }
            if clinux_signaled(status) { return (pid, .killed(signal: clinux_term_signal(status))) }
        }
    }
}
