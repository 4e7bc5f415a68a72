/// What a worker is about, as it says so on the scoreboard.
public enum WorkerPhase: UInt64, Sendable {
    /// There is no worker in this slot.
    case vacant = 0
    /// Forked, and not yet ready.
    case booting = 1
    /// Serving.
    case ready = 2
    /// Told to leave: finishing its requests.
    case draining = 3
}
