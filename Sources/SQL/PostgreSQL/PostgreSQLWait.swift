import Linux

/// A wait for answers of the server: until when, and how often it was told to stop since.
struct PostgreSQLWait {
    private var end: SuspendingClock.Instant?
    private var tries = 0
    private(set) var cancellations = 0

    /// Whether its time was over, so that the server was told to stop.
    var isCancelled: Bool { tries > 0 }

    init(until end: SuspendingClock.Instant?) { self.end = end }

    /// How often the server is told to stop, and for how long it may take to answer each time: a cancellation that comes
    /// before the statement is of no effect. While one is still on its way there is no other.
    private static let mostTries = 10
    private static let timeToCancel = Duration.milliseconds(100)

    /// For how long a thread waits without a word, in nanoseconds, when nobody is there whom that holds up. To hand the event
    /// loop to another thread and back costs more than such a wait is long.
    private static let patience: Int64 = 50_000

    /// Waits until the next answer is there.
    /// - Throws: Also `DatabaseError.busy`, when the server did not even stop.
    mutating func forAnswer(from libpq: LibpqConnection) throws(DatabaseError) {
        while true {
            let rest = libpq.flush()
            guard rest != .failed else { throw libpq.loss }
            guard libpq.isBusy else { return }
            try forSocket(of: libpq, isWriting: rest == .some)
            guard libpq.consumeInput() else { throw libpq.loss }
        }
    }

    private mutating func forSocket(of libpq: LibpqConnection, isWriting: Bool) throws(DatabaseError) {
        // Who keeps nobody waiting may hope that it is soon over.
        if let observer = BlockingObserver.current, observer.holdsOthersUp, !observer.keepsOthersWaiting,
            libpq.wait(isWriting: isWriting, nanoseconds: Self.patience)
        {
            return
        }
        while true {
            let left = left
            if left != 0 {
                if blocking({ libpq.wait(isWriting: isWriting, nanoseconds: left) }) { return }
            } else if tries < Self.mostTries {
                tries += 1
                if libpq.cancel() { cancellations += 1 }
                end = .now.advanced(by: Self.timeToCancel)
            } else {
                throw .busy(retryAfter: .seconds(1))
            }
        }
    }

    /// Nanoseconds that are left; negative for any number of them.
    private var left: Int64 {
        guard let end else { return -1 }
        return max(0, SuspendingClock.now.duration(to: end).nanoseconds)
    }
}
