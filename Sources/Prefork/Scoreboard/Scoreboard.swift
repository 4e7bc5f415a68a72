import Linux

/// Memory that the supervisor and all workers share: a slot for each worker, and what concerns them all.
///
/// It is mapped before the first fork. Each word has one writer, nobody ever takes a lock, and a process may die at any
/// instruction without harm to the others. Only pages that are used cost memory.
public final class Scoreboard: Sendable {
    /// How many slots there are. Successors live beside their predecessors, so there are twice as many as workers,
    /// and one for a last one, and those of companions.
    public static let capacity = 512
    /// The most workers that a supervisor looks after.
    public static let largestPool = (capacity - companionSlots.count - 1) / 2
    /// Where companions write: in an upgrade there are two for a moment, that of the former program and its successor.
    static let companionSlots = capacity - 2..<capacity

    /// What /proc shows for its memory.
    static let name = "scoreboard"

    let memory: SharedMemory
    let layout: ScoreboardLayout

    /// - Parameter lanes: How many threads of a worker have a lane.
    convenience init(lanes: Int = 1) throws(SystemError) {
        let layout = ScoreboardLayout(lanes: lanes)
        self.init(memory: try SharedMemory(Self.name, size: layout.size), layout: layout)
        memory.word(at: ScoreboardLayout.writtenLanes).storeRelaxed(UInt64(layout.lanes))
        memory.word(at: ScoreboardLayout.writtenVersion).store(ScoreboardLayout.version)
    }

    init(memory: SharedMemory, layout: ScoreboardLayout) {
        self.memory = memory
        self.layout = layout
    }

    /// The slot with a number from 0 on.
    public func slot(_ index: Int) -> WorkerSlot {
        precondition(index >= 0 && index < Self.capacity, "the scoreboard has no slot \(index)")
        return WorkerSlot(index: index, memory: memory, layout: layout)
    }

    /// Slots with a worker, in the order of the workers' numbers, successors behind their predecessors.
    public var workers: [WorkerSlot] {
        (0..<slotsInUse).map { slot($0) }.filter { $0.phase != .vacant }
            .sorted { ($0.number, $0.generation, $0.index) < ($1.number, $1.generation, $1.index) }
    }

    /// How many workers are ready.
    public var readyWorkers: Int { (0..<slotsInUse).count { slot($0).phase == .ready } }

    /// Whether the whole service is about to stop, so that readiness probes should say no.
    public internal(set) var isStopping: Bool {
        get { memory.word(at: ScoreboardLayout.stopping).load() != 0 }
        set { memory.word(at: ScoreboardLayout.stopping).store(newValue ? 1 : 0) }
    }

    /// How many workers there should be. Only the supervisor writes it.
    public internal(set) var target: Int {
        get { Int(clamping: memory.word(at: ScoreboardLayout.target).load()) }
        set { memory.word(at: ScoreboardLayout.target).store(UInt64(clamping: newValue)) }
    }

    /// How many slots from the first on may hold a worker. Only the supervisor writes it.
    var slotsInUse: Int {
        get { Int(clamping: memory.word(at: ScoreboardLayout.slotsInUse).load()) }
        set { memory.word(at: ScoreboardLayout.slotsInUse).store(UInt64(clamping: newValue)) }
    }
}
