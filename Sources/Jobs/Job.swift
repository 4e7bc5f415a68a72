public import Values

/// Work that no client waits for: what there is to do, as a value that a store keeps until it is done.
///
/// ```swift
/// struct SendReceipt: Job {
///     static let kind = "send-receipt"
///     let order: OrderID
/// }
///
/// try database.write {
///     try database.run("INSERT INTO orders …", …)
///     try database.add(SendReceipt(order: order.id), at: now)  // with the order, or not at all
/// }
/// ```
///
/// A release may find what another has written, so a field may be added as an optional, and none taken away or renamed while
/// jobs of its kind are waiting.
public protocol Job: Codable, Sendable {
    /// What tells its handler from others: 1 to 64 of `a-z`, `0-9`, `-`, `_` and `.`. It stays the same from release to release.
    static var kind: String { get }
}

/// Which of the jobs that are due begins first.
public enum JobPriority: Int, Sendable, CaseIterable {
    /// When nothing else is due.
    case low = 0
    /// The usual.
    case normal = 1
    /// Before all others.
    case high = 2
}

/// How a job is to be treated.
public struct JobOptions: Sendable {
    /// Of jobs of one kind with the same key one is kept: as long as it is not done, others are left out.
    public var uniqueKey: String?

    /// Jobs with the same key, of whatever kind, run one after the other in the order in which they were added. One that is to
    /// be tried again holds up those behind it; one that is dead does not.
    public var orderingKey: String?

    /// Which of those that are due begins first.
    public var priority: JobPriority

    /// When it may begin; at once if `nil`.
    public var runAt: Timestamp?

    /// How often it is begun before it is given up. With the usual 20 that takes about nine hours.
    public var maximumAttempts: Int

    /// The usual, or others.
    public init(
        uniqueKey: String? = nil,
        orderingKey: String? = nil,
        priority: JobPriority = .normal,
        runAt: Timestamp? = nil,
        maximumAttempts: Int = 20
    ) {
        precondition(maximumAttempts >= 1, "a job is begun at least once")
        self.uniqueKey = uniqueKey
        self.orderingKey = orderingKey
        self.priority = priority
        self.runAt = runAt
        self.maximumAttempts = maximumAttempts
    }
}
