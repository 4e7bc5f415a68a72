import Synchronization

/// How many handlers may take long at the same time, and how many do.
struct HandlerRoom {
    /// At most.
    let limit: Int
    /// Handlers that are at work without the loop.
    private(set) var taken = 0
    /// Those of them that may write.
    private var writers = 0
    private let signals: ServerSignals?

    init(limit: Int, _ signals: ServerSignals?) {
        self.limit = limit
        self.signals = signals
    }

    /// Whether a handler waits until others have written.
    private var isWriteBlocked: Bool { (signals?.writeLockWaits.load(ordering: .relaxed) ?? 0) > 0 }

    /// Kept for requests that only read, while others wait for a store's write lock: a quarter.
    private var keptForReads: Int { (limit + 2) / 4 }

    var free: Int { max(0, limit - taken) }

    /// So many more may have begun because they had never taken long before.
    static let spare = 2

    /// Whether a request's handler may begin.
    /// - Parameter isQuick: Whether it will surely not take long: then it may begin also when all threads are taken, because
    ///   it needs none.
    @inline(__always)
    func has(for record: RequestRecord, isQuick: Bool = false) -> Bool {
        guard taken < limit else { return isQuick && taken < limit + Self.spare }
        return writers == 0 || !record.mayWrite || writers < limit - keptForReads || !isWriteBlocked
    }

    mutating func take(isWriter: Bool) {
        taken += 1
        if isWriter { writers += 1 }
    }

    mutating func giveBack(isWriter: Bool) {
        taken -= 1
        if isWriter { writers -= 1 }
    }
}
