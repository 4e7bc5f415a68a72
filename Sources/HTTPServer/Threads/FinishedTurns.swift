import Linux

/// Turns whose requests were answered by threads that do not have the loop any more, on their way back to it.
final class FinishedTurns: Sendable {
    private let turns = Lock<[Turn]>([])
    private let event: EventFD

    init() throws(SystemError) {
        event = try EventFD()
    }

    /// Becomes readable, once for each time that turns arrive where there were none (epoll(7), EPOLLET).
    var descriptor: CInt { event.rawValue }

    func append(_ turn: Turn) {
        let wasEmpty = turns.withLock { turns in
            turns.append(turn)
            return turns.count == 1
        }
        if wasEmpty { event.signal() }
    }

    func takeAll() -> [Turn] {
        turns.withLock { turns in
            let taken = turns
            turns = []
            return taken
        }
    }
}
