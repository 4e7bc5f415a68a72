import Linux

/// How a worker ended, and what it left behind.
struct WorkerExit: Equatable {
    /// What a thread of it was doing.
    struct Lane: Equatable {
        /// The request it was in.
        var request: BlackBox?
        /// Where it was, innermost frame first, when it crashed or its worker was aborted.
        var backtrace: [String] = []
    }

    var status: ExitStatus
    /// Whether the kernel says that it killed something here for want of memory.
    var isOutOfMemory = false
    /// How many requests it had finished, and how many of them since it was told to leave.
    var requests = 0
    var requestsWhileDraining = 0
    /// How many log lines it dropped that the log does not know of.
    var droppedLogLines = 0
    /// What its threads were doing that were in a request, or wrote down where they were.
    var lanes: [Lane] = []

    /// The exit code of a worker that was still busy when its time to leave was up.
    static let drainExpired: Int32 = ExitCode.workersKilled.rawValue

    /// The exit code of a worker that was told to leave at once: as if QUIT had killed it, in the shell's way.
    static let immediate: Int32 = 128 + 3

    var isImmediate: Bool { status == .exited(Self.immediate) }
    var isDrainExpired: Bool { status == .exited(Self.drainExpired) }
    var isGraceful: Bool { status == .exited(0) }
}
