/// What became of the time that handlers took: they ran on a processor, waited for one, or waited for something else.
public struct HandlerTimes: Hashable, Sendable {
    /// How many handlers have run.
    public var requests = 0
    /// From their beginnings to their ends, in nanoseconds.
    public var wall = 0
    /// On a processor, in nanoseconds.
    public var processor = 0
    /// Ready to run, while processors were busy with others or the quota of a control group was used up, in nanoseconds.
    public var runQueue = 0

    /// Times that were measured, in nanoseconds.
    public init(requests: Int = 0, wall: Int = 0, processor: Int = 0, runQueue: Int = 0) {
        self.requests = requests
        self.wall = wall
        self.processor = processor
        self.runQueue = runQueue
    }

    /// Neither on a processor nor in want of one: for an answer, a lock, a disk. In nanoseconds.
    public var waiting: Int { max(0, wall - processor - runQueue) }

    /// What one request took on average, in nanoseconds.
    public var meanWall: Int { requests == 0 ? 0 : wall / requests }

    /// The I/O share: `1 - (processor + run queue) / wall`, which part of the time handlers waited for something else than a
    /// processor. `nil` when nothing ran.
    ///
    /// That they wait for a processor says that there is too much work, and not that there should be more threads: the share
    /// does not rise by it, as it would if it were 1 - processor / wall.
    public var waitingShare: Double? { wall > 0 ? Double(waiting) / Double(wall) : nil }

    /// Both together.
    public static func + (left: HandlerTimes, right: HandlerTimes) -> HandlerTimes {
        HandlerTimes(
            requests: left.requests + right.requests,
            wall: left.wall + right.wall,
            processor: left.processor + right.processor,
            runQueue: left.runQueue + right.runQueue
        )
    }

    /// What came to the right ones until they were the left ones.
    public static func - (left: HandlerTimes, right: HandlerTimes) -> HandlerTimes {
        HandlerTimes(
            requests: left.requests - right.requests,
            wall: left.wall - right.wall,
            processor: left.processor - right.processor,
            runQueue: left.runQueue - right.runQueue
        )
    }
}
