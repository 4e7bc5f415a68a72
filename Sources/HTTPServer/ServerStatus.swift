import Synchronization

/// What a running ``Server`` tells about itself to whoever asks, from any thread. Make one, hand it to the server and
/// to the handlers that need it.
public final class ServerStatus: Sendable {
    private let draining = Atomic<Bool>(false)

    /// A status before the start.
    public init() {}

    /// Whether the server has been told to stop: it answers what it has and takes nothing new. A readiness probe says
    /// no from here on.
    public internal(set) var isDraining: Bool {
        get { draining.load(ordering: .relaxed) }
        set { draining.store(newValue, ordering: .relaxed) }
    }
}
