import CLinux

/// How many processors this process may really use, and how many workers that calls for.
///
/// A container usually may use fewer processors than the host has. What counts is the smallest of the affinity mask
/// (sched_getaffinity(2)) and the quotas of all control groups above the process (cgroups(7), `cpu.max`).
public struct ProcessorBudget: Hashable, Sendable {
    /// Processors, possibly a fraction.
    public var processors: Double
    /// Bytes of memory the control groups allow, `nil` when they set no limit.
    public var memory: Int?

    /// A known budget.
    public init(processors: Double, memory: Int? = nil) {
        self.processors = processors
        self.memory = memory
    }

    /// The budget of this process, now.
    public static var current: ProcessorBudget {
        ProcessorBudget(processors: Double(clinux_usable_processors()))
    }

    /// Two workers for each processor, so that one works while the other waits, and one more.
    public var workers: Int {
        let cores = max(1, processors.rounded(.up))
        return min(2 * Int(cores) + 1, Scoreboard.largestPool)
    }
}
