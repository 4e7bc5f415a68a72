/// How a child ended, and what it left behind.
struct Death: Equatable {
    enum Cause: Equatable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    var cause: Cause
    /// Whether the kernel says that it killed something here for want of memory.
    var isOutOfMemory = false
    /// How many requests it had finished, and how many of them since it was told to leave.
    var requests = 0
    var requestsWhileDraining = 0
    /// How many log lines it dropped that the log does not know of.
    var droppedLogLines = 0
    /// The request it was in.
    var lastRequest: BlackBox?
    /// Where it was, innermost frame first, when it crashed or was aborted.
    var backtrace: [String] = []

    /// The exit code of a worker that was still busy when its time to leave was up.
    static let drainExpired: Int32 = ExitCode.workersKilled.rawValue

    /// The exit code of a worker that was told to leave at once: as if QUIT had killed it, in the shell's way.
    static let immediate: Int32 = 128 + 3

    var isImmediate: Bool { cause == .exited(Self.immediate) }
    var isDrainExpired: Bool { cause == .exited(Self.drainExpired) }
    var isGraceful: Bool { cause == .exited(0) }

    /// In plain words.
    var words: String {
        switch cause {
        case .exited(let code): "exited with code \(code)"
        case .killed(let signal):
            switch SignalName.of(signal) {
            case "SIGKILL" where isOutOfMemory: "killed by SIGKILL (probably out of memory)"
            case "SIGILL", "SIGTRAP":
                // In a release build most of them die without a word.
                "crashed with \(SignalName.of(signal)) (as Swift does for an index out of range, a nil or a failed precondition)"
            case let name where SignalName.crashes.contains(name): "crashed with \(name)"
            case let name: "killed by \(name)"
            }
        }
    }
}
