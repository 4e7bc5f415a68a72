import Glibc
import Linux

extension SignalSet {
    /// What supervisor and workers block: they take none by a handler, all by waiting for them. The signals of a process's
    /// own faults stay as they are, so that crashes are crashes, and so do the ones of job control in a terminal and of
    /// profilers.
    static let managed: [CInt] = [
        SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGCHLD, SIGPIPE, SIGALRM, SIGWINCH,
    ]
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

extension WorkerSignal {
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

extension SignalName {
    /// What a process gets for its own fault.
    static let crashes: Set<String> = ["SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGABRT", "SIGSYS"]
}
