import Linux

/// How many processors and how much memory this process may really use, and how many workers that calls for.
///
/// A container usually may use less than the host has. What counts is the smallest of the affinity mask
/// (sched_getaffinity(2)) and the limits of all control groups above the process (cgroups(7)).
public struct ProcessorBudget: Hashable, Sendable {
    /// Processors, possibly a fraction.
    public var processors: Double
    /// Bytes of memory, `nil` when no control group sets a limit.
    public var memory: Int?
    /// Processes and threads, `nil` when no control group sets a limit.
    public var tasks: Int?

    /// A known budget.
    public init(processors: Double, memory: Int? = nil, tasks: Int? = nil) {
        self.processors = processors
        self.memory = memory
        self.tasks = tasks
    }

    /// The budget of this process, now.
    public static var current: ProcessorBudget {
        ProcessorBudget(
            affinity: CurrentProcess.usableProcessors,
            group: .ofThisProcess(),
            read: SystemFile.read
        )
    }

    /// A budget from what the system says in its files.
    init(affinity: Int, group: ControlGroup, read: (String) -> String?) {
        let quotas = group.processorPaths.compactMap { path in
            group.isVersion2
                ? read(path + "/cpu.max").flatMap(Self.quota)
                : Self.quota(quota: read(path + "/cpu.cfs_quota_us"), period: read(path + "/cpu.cfs_period_us"))
        }
        let file = group.isVersion2 ? "/memory.max" : "/memory.limit_in_bytes"
        let limits = group.memoryPaths.compactMap { read($0 + file).flatMap(Self.memory) }
        processors = quotas.reduce(Double(max(1, affinity)), min)
        memory = limits.min()
        tasks = group.taskPaths.compactMap { read($0 + "/pids.max").flatMap(Self.number) }.min()
    }

    /// One worker for each processor, begun ones included, because what waits does so on threads within the workers; at least two,
    /// so that one serves while the other is replaced; fewer where memory is short.
    public var workers: Int {
        let byProcessors = max(2, Int(processors.rounded(.up)))
        let byMemory = memory.map { $0 / Self.memoryPerWorker } ?? .max
        return max(1, min(byProcessors, byMemory, Scoreboard.largestPool))
    }

    /// More than a worker needs, so that a full pool fits beside its database's caches and the page cache.
    private static let memoryPerWorker = 16 << 20

    // MARK: - Files

    /// "150000 100000" is one and a half processors, "max 100000" is no limit.
    private static func quota(_ text: String) -> Double? {
        let words = text.split { $0 == " " || $0 == "\n" }
        guard words.count == 2 else { return nil }
        return quota(quota: String(words[0]), period: String(words[1]))
    }

    private static func quota(quota: String?, period: String?) -> Double? {
        guard let quota = quota.flatMap(number), let period = period.flatMap(number), quota > 0, period > 0 else {
            return nil
        }
        return Double(quota) / Double(period)
    }

    /// "max" is no limit, and so is, in version 1, more than any machine has.
    private static func memory(_ text: String) -> Int? {
        number(text).flatMap { $0 < 1 << 60 ? $0 : nil }
    }

    private static func number(_ text: String) -> Int? { Int(text.prefix { $0 != "\n" && $0 != " " }) }
}
