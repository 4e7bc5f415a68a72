import CLinux
import Glibc

/// A child process that has not been reaped, held by a pidfd so that no signal ever hits a stranger.
final class Child {
    let pid: Int32
    /// -1 where the kernel has no pidfds: then the process id must do. It cannot be reused before we reap the child.
    private let descriptor: CInt

    init(pid: Int32) {
        self.pid = pid
        descriptor = clinux_pidfd_open(pid)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func send(_ urge: Urge) {
        if descriptor >= 0 {
            _ = clinux_pidfd_send_signal(descriptor, urge.signal)
        } else {
            kill(pid, urge.signal)
        }
    }

    /// Reaps one child that has ended, whoever's it was. `nil` when there is none.
    static func reapOne() -> (pid: Int32, cause: Death.Cause)? {
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
