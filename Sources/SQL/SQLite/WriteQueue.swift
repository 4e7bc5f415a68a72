import Linux

/// The threads of this process that want to write to one database: one at a time, first come, first served.
///
/// SQLite has one write lock, and who does not get it can only ask again and again. So of each process one thread asks;
/// the others wait here, in order and asleep. Whoever holds others up while it waits tells them only when the turn does not
/// come soon: to tell takes a change of threads, and a write most often less than that.
final class WriteQueue: Sendable {
    private struct State {
        var isTaken = false
        var waiting: [Semaphore] = []
        /// Threads whose turn has not come soon; also the one whose turn it is, when another process has the lock.
        var longWaits = 0
    }

    /// A wait is announced again after so long.
    private static let announced = Duration.milliseconds(21)

    /// So long a wait is short: 1 ms.
    private static let grace = Duration.milliseconds(1)

    private let state = Lock(State())

    private static let queues = Lock<[DatabaseFile: WriteQueue]>([:])

    /// The queue of a database.
    static func of(_ file: DatabaseFile) -> WriteQueue {
        queues.withLock { queues in
            if let queue = queues[file] { return queue }
            let queue = WriteQueue()
            queues[file] = queue
            return queue
        }
    }

    /// Waits for the turn of the calling thread, which has to ``leave()`` then.
    /// - Returns: Whether it came before the deadline.
    func enter(until deadline: @autoclosure () -> MonotonicInstant) -> Bool {
        let (turn, isSoon): (Semaphore?, Bool) = state.withLock { state in
            guard state.isTaken else {
                state.isTaken = true
                return (nil, true)
            }
            let turn = Semaphore()
            state.waiting.append(turn)
            return (turn, state.longWaits == 0)
        }
        guard let turn else { return true }
        if isSoon, BlockingObserver.current?.holdsOthersUp ?? false,
            waitShortly({ turn.wait(until: .now + Self.grace) })
        {
            return true
        }
        let end = deadline()
        // In pieces, so that whoever is told hears how long it takes.
        while !waitLong({ turn.wait(until: min(end, .now + Self.announced)) }) {
            if end <= .now { return giveUp(turn) }
        }
        return true
    }

    private func giveUp(_ turn: Semaphore) -> Bool {
        state.withLock { state in
            // It may have come at the last moment.
            guard let index = state.waiting.firstIndex(where: { $0 === turn }) else { return true }
            state.waiting.remove(at: index)
            return false
        }
    }

    /// Runs something that waits for the lock and is not over soon.
    func waitLong<Result>(_ wait: () -> Result) -> Result {
        state.withLock { $0.longWaits += 1 }
        defer { state.withLock { $0.longWaits -= 1 } }
        return blocking(for: .writeLock, wait)
    }

    /// Ends the turn of the calling thread: it is the next one's.
    func leave() {
        let next: Semaphore? = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isTaken = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.signal()
    }
}

/// Runs something that waits for a write lock and is over before anybody could be told.
func waitShortly<Result>(_ wait: () -> Result) -> Result {
    guard let observer = BlockingObserver.current else { return wait() }
    let start = MonotonicInstant.now.nanoseconds
    defer { observer.didWaitShortly(MonotonicInstant.now.nanoseconds - start) }
    return wait()
}
