import Linux

/// How far the final stop is, and whether the queue is empty too when all workers have left.
struct Stop: Equatable {
    /// What is known of the queue of connections that nobody has accepted.
    enum Queue: Equatable {
        case unknown
        /// A look at it is under way.
        case inspecting
        /// Handshakes were under way: it is to be looked at again.
        case inspectAgain(at: MonotonicInstant)
        /// All was done that could be.
        case judged
    }

    /// What follows from a look at the queue.
    enum Verdict: Equatable {
        /// Connections came in while the last workers left. One more worker answers them.
        case forkLastWorker
        case wait
        case finish(unanswered: Int)
    }

    /// How long to wait for handshakes that the kernel has begun to finish: some round trips.
    private static let handshakeTime = Duration.milliseconds(500)
    /// How often to look whether they did.
    private static let handshakeLook = Duration.milliseconds(5)
    /// The most workers that are forked for the rest of the queue, should they keep crashing over it.
    private static let mostLastWorkers = 5

    var startedAt: MonotonicInstant?
    /// What the supervisor exits with, if it is not for workers that had to be killed.
    var code = ExitCode.stopped
    /// Nobody is waited for, and the queue is not looked at.
    var isQuick = false
    /// How many workers had to be killed.
    var killed = 0
    private(set) var queue = Queue.unknown
    /// How many workers were forked to serve what was left in the queue.
    private var lastWorkers = 0
    /// Until when handshakes under way are waited for.
    private var handshakesUntil: MonotonicInstant?

    /// When to look at the queue again.
    var nextDeadline: MonotonicInstant? {
        if case .inspectAgain(let time) = queue { time } else { nil }
    }

    mutating func beginInspection() { queue = .inspecting }

    /// Handshakes were given their time.
    mutating func expire(at now: MonotonicInstant) {
        if case .inspectAgain(let time) = queue, time <= now { queue = .unknown }
    }

    /// - Parameter end: When the time to stop is up.
    mutating func judge(waiting: Int, handshakes: Int, end: MonotonicInstant, at now: MonotonicInstant) -> Verdict {
        queue = .unknown
        let handshakesUntil = handshakesUntil ?? now + Self.handshakeTime
        self.handshakesUntil = handshakesUntil
        if isQuick {
            queue = .judged
            return .finish(unanswered: 0)
        }
        if waiting > 0 && now < end && lastWorkers < Self.mostLastWorkers { return .forkLastWorker }
        if handshakes > 0 && now < min(end, handshakesUntil) {
            queue = .inspectAgain(at: now + Self.handshakeLook)
            return .wait
        }
        queue = .judged
        return .finish(unanswered: waiting)
    }

    mutating func countLastWorker() { lastWorkers += 1 }

    /// What the supervisor exits with.
    var exitCode: ExitCode { code == .stopped && killed > 0 ? .workersKilled : code }
}
