import Linux

/// Moves one thread's exchanges on until they have their outcomes, or something else is there.
struct CallLoop {
    private let connections: Connections
    private let exchanges: [Exchange]

    init(_ exchanges: [Exchange], on connections: Connections) {
        self.exchanges = exchanges
        self.connections = connections
    }

    /// - Parameter isEnough: Whether what was waited for is there; asked whenever something has happened.
    func run(until isEnough: () -> Bool) {
        // What can be done without waiting is done before anybody is told that this thread waits: the requests are out then.
        guard let moment = step(isEnough) else { return }
        blocking {
            var moment = moment
            while true {
                connections.wait(until: moment)
                guard let next = step(isEnough) else { return }
                moment = next
            }
        }
    }

    /// - Returns: Until when to wait; `nil` when it is enough.
    private func step(_ isEnough: () -> Bool) -> MonotonicInstant? {
        while true {
            let now = MonotonicInstant.now
            var next = MonotonicInstant.never
            for exchange in exchanges { next = min(next, exchange.advance(on: connections, at: now)) }
            if isEnough() { return nil }
            // Again if something has ended: what follows from it may be done at once.
            if !connections.advance() { return isEnough() ? nil : next }
        }
    }
}
