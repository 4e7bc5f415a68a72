/// A child beside the workers, such as one that answers those who look after the service.
///
/// It is there before the first worker is, serves on while they leave, and is the last to go. When it dies it gets a
/// successor; whatever becomes of it, workers are not touched. It is no worker: it counts in no size, takes part in no
/// roll, and has no siblings. In an upgrade the next program starts its own on the same listener, and
/// ends it when that is ready.
public struct Companion: Sendable {
    /// As logs and process titles name it, such as `ops process`.
    public let name: String
    /// What it accepts from; `nil` when it listens nowhere.
    public let listener: Listener?
    let body: @Sendable (Worker) -> Int32

    /// A child beside the workers.
    /// - Parameters:
    ///   - name: as logs and process titles name it.
    ///   - listener: its own: see ``Listener/openForCompanion(_:)``.
    ///   - body: runs in its process, as a worker's does in a worker's, and is told to leave in the same way. ``Worker/isLast``
    ///     says that the service stops.
    public init(name: String, listener: Listener?, body: @escaping @Sendable (Worker) -> Int32) {
        self.name = name
        self.listener = listener
        self.body = body
    }
}
