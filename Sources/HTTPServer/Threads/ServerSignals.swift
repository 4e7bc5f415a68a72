import Linux
import Synchronization

/// What the loop and threads without it tell each other while they are at work.
final class ServerSignals: Sendable {
    /// Whether connections end with their answers: the server drains, and nobody takes them over.
    let closesConnections = Atomic(false)
    /// Whether the server drains.
    let isDraining = Atomic(false)
    /// How many handlers wait for the lock of a store that one writer at a time may write to.
    let writeLockWaits = Atomic(0)
    /// How many handlers wait for a slow disk that what they wrote is written to.
    let flushes = Atomic(0)
    /// How long a flush takes, on average, in nanoseconds: the disk is the same for all threads.
    let flushTime = Atomic<Int64>(0)
    /// Turns on their way back to the loop.
    let finished: FinishedTurns

    init() throws(SystemError) {
        finished = try FinishedTurns()
    }

    /// A flush took so long, in nanoseconds. One of two that end at the same time may not count.
    func noteFlush(_ time: Int64) {
        let average = flushTime.load(ordering: .relaxed)
        flushTime.store(average + (time - average) / 4, ordering: .relaxed)
    }
}
