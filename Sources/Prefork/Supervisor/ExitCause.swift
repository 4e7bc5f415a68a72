import Linux

/// Why a child ended, in a word that stays the same from release to release: the field `cause` of the notices `worker exited` and
/// `companion exited`.
public enum ExitCause: String, Sendable, CaseIterable {
    /// It was told to leave: the service stops, or is to be smaller.
    case asked
    /// Its successor of a roll was ready.
    case roll
    /// It had answered as many requests as it may.
    case requestLimit = "request limit"
    /// It was as old as it may be.
    case age
    /// It used more memory than it may.
    case memory
    /// It could not begin.
    case bootFailure = "boot failure"
    /// It was not ready in its time.
    case bootTimeout = "boot timeout"
    /// It was still busy when its time to leave was up.
    case drainTimeout = "drain timeout"
    /// A request of it was still running after its deadline.
    case stuck
    /// The kernel killed it for want of memory.
    case outOfMemory = "out of memory"
    /// It crashed.
    case crash
    /// Somebody sent it a signal.
    case signal
    /// It ended by itself.
    case exit
}

extension ExitReport {
    /// Why it ended.
    var cause: ExitCause {
        if isForDrainTime { return .drainTimeout }
        switch worker.phase {
        case .aborting(.boot, _): return .bootTimeout
        case .aborting(.request, _): return .stuck
        case .aborting(.drain, _): return .drainTimeout
        case .booting: return .bootFailure
        case .draining where exit.isGraceful || exit.isImmediate: return worker.renewal?.cause ?? .asked
        case .draining, .ready: break
        }
        switch exit.status {
        case .exited: return .exit
        case .killed where exit.isOutOfMemory: return .outOfMemory
        case .killed(let signal):
            let name = SignalName.of(signal)
            return name == "SIGILL" || name == "SIGTRAP" || SignalName.crashes.contains(name) ? .crash : .signal
        }
    }
}

extension WorkerHandle.Renewal {
    /// The same of the worker that was replaced.
    var cause: ExitCause {
        switch self {
        case .roll: .roll
        case .limit: .requestLimit
        case .age: .age
        case .memory: .memory
        }
    }
}
