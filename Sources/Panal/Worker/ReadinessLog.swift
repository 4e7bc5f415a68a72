import Logging
import SQL
import Synchronization

/// Tells the operator in full why the store is not ready: once when it changes, however often probes ask.
final class ReadinessLog: Sendable {
    private let logger: Logger
    private let metadata: Logger.Metadata
    private let last = Mutex(DatabaseReadiness.ready)

    /// - Parameter metadata: What every event carries, such as the worker.
    init(_ logger: Logger, metadata: Logger.Metadata = [:]) {
        self.logger = logger
        self.metadata = metadata
    }

    func note(_ readiness: DatabaseReadiness) {
        let isNew = last.withLock { last in
            defer { last = readiness }
            return last != readiness
        }
        guard isNew else { return }
        switch readiness {
        case .ready: logger.notice("store is ready again", metadata: metadata)
        case .readable(let obstacle): logger.warning("store cannot be written", metadata: metadata(with: obstacle))
        case .unready(let error): logger.error("store not ready", metadata: metadata(with: error))
        }
    }

    private func metadata(with error: DatabaseError) -> Logger.Metadata {
        metadata.merging(["reason": .string(error.description)]) { $1 }
    }
}
