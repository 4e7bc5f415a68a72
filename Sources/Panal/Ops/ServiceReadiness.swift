import Linux
import Prefork
import SQL
import Synchronization

/// Whether the service can take requests, found out without asking its workers.
final class ServiceReadiness: Sendable {
    private let scoreboard: Scoreboard
    /// What is wrong with the store, as it was seen last.
    private let store = Lock<String?>(nil)

    /// How often to look at the store, and how long a look may take. Whoever asks waits for neither.
    private static let interval = Duration.seconds(1)

    init(_ scoreboard: Scoreboard) {
        self.scoreboard = scoreboard
    }

    /// Looks at the store again and again, on a thread of its own, as long as the process lives.
    func watch(_ open: @escaping @Sendable () -> Database) {
        let thread = try? Thread.start {
            let database = open()
            while true {
                let begin = MonotonicInstant.now
                database.deadline = (begin + Self.interval).suspendingClockInstant
                let found: String? =
                    switch database.readiness() {
                    case .ready: nil
                    case .readable(let obstacle): obstacle.summary
                    case .unready(let error): error.summary
                    }
                self.store.withLock { $0 = found }
                var poll = Poll()
                poll.wait(atMost: begin + Self.interval - .now)
            }
        }
        thread?.detach()
    }

    /// Why no request should be sent here; empty when one may be.
    var obstacles: [String] {
        var obstacles: [String] = []
        let ready = scoreboard.workers.filter { $0.phase == .ready }
        if scoreboard.isStopping { obstacles.append("the service is about to stop") }
        if ready.isEmpty { obstacles.append("no worker is ready") }
        let isSaturated = !ready.isEmpty && ready.allSatisfy { $0.freeThreads == 0 && $0.waiting > 0 }
        if isSaturated { obstacles.append("all threads of all workers are busy, and requests wait") }
        if let store = store.withLock({ $0 }) { obstacles.append(store) }
        return obstacles
    }
}
