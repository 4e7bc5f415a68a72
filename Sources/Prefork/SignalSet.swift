import CLinux
import Glibc

/// Which signals this process takes, and how: none by a handler, all by waiting for them.
enum SignalSet {
    /// What supervisor and workers block. The signals of a process's own faults stay as they are, so that crashes are
    /// crashes, and so do the ones of job control in a terminal and of profilers.
    static let managed: [CInt] = [
        SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGCHLD, SIGPIPE, SIGALRM, SIGWINCH,
    ]

    static func set(of signals: [CInt]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for signal in signals { unsafe sigaddset(&set, signal) }
        return set
    }

    static var all: sigset_t {
        var set = sigset_t()
        unsafe sigfillset(&set)
        return set
    }

    /// Blocks exactly these for the calling thread. Returns what was blocked before.
    @discardableResult
    static func block(_ set: sigset_t) -> sigset_t {
        var set = set
        var previous = sigset_t()
        unsafe pthread_sigmask(SIG_SETMASK, &set, &previous)
        return previous
    }
}

extension Order {
    /// What an operator says with a signal to the supervisor.
    init?(signal: CInt) {
        switch signal {
        case SIGTERM, SIGINT: self = .stop
        case SIGQUIT: self = .stopNow
        case SIGHUP: self = .roll
        case SIGTTIN: self = .grow
        case SIGTTOU: self = .shrink
        case SIGUSR2: self = .upgrade
        default: return nil
        }
    }
}

extension Urge {
    /// What the supervisor says with a signal to a worker.
    var signal: CInt {
        switch self {
        case .terminate: SIGTERM
        case .quit: SIGQUIT
        case .abort: SIGABRT
        case .kill: SIGKILL
        }
    }
}
