/// How many processes run handlers, and how many threads each of them may have for that.
public struct PoolSize: Hashable, Sendable {
    /// Worker processes.
    public var workers: Int
    /// Threads in handlers, in each worker.
    public var threads: Int

    /// A size.
    public init(workers: Int, threads: Int) {
        self.workers = workers
        self.threads = threads
    }
}

/// What a pool may use.
public struct PoolLimits: Hashable, Sendable {
    /// Processors, possibly a fraction.
    public var processors: Double
    /// How many workers keep them busy and fit into memory.
    public var workers: Int
    /// The most threads that a worker may have.
    public var threads: Int

    /// Limits that are known.
    public init(processors: Double, workers: Int, threads: Int) {
        self.processors = processors
        self.workers = workers
        self.threads = threads
    }
}

/// A pool as it is.
public struct PoolState: Hashable, Sendable {
    /// Its size.
    public var size: PoolSize
    /// What it may use.
    public var limits: PoolLimits

    /// A pool with a size, in its limits.
    public init(size: PoolSize, limits: PoolLimits) {
        self.size = size
        self.limits = limits
    }
}

/// Which size of a pool the measured times call for.
public enum PoolAdvice: Hashable, Sendable {
    /// So few requests ran that their times say nothing.
    case tooFewRequests
    /// This one.
    case size(PoolSize)
}
