/// Where everything is on the scoreboard, in bytes.
///
/// One page for what concerns all; then the slots' heads side by side, with what concerns the worker, so that a look at many
/// touches little memory; then the slots' lanes, one for each of a worker's threads that serve. Every word has 64 bits. Words
/// that are written by different processes, by different threads or at different rates have their own cache lines of 64 bytes.
struct ScoreboardLayout: Equatable {
    /// What a reader has to know to find anything. An upgrade compares it.
    struct Identity: Equatable {
        var version: UInt64
        var lanes: Int
    }

    /// How many lanes a slot has.
    let lanes: Int

    /// Changes whenever a reader of the former layout would be misled.
    static let version: UInt64 = 3

    var identity: Identity { Identity(version: Self.version, lanes: lanes) }

    /// The identity, written once, for who looks at the memory from another program.
    static let writtenVersion = 0
    static let writtenLanes = 8
    static let stopping = 64
    static let slotsInUse = 72
    static let target = 80
    static let firstSlot = 4096
    static let slotSize = 128
    static let firstLane = firstSlot + Scoreboard.capacity * slotSize
    static let laneSize = 1024

    /// How many bytes the lanes of a slot take.
    var lanesSize: Int { lanes * Self.laneSize }
    var size: Int { Self.firstLane + Scoreboard.capacity * lanesSize }

    /// The head of a slot, and its lanes.
    static func slot(_ index: Int) -> Range<Int> {
        let start = firstSlot + index * slotSize
        return start..<start + slotSize
    }
    func lanes(of slot: Int) -> Range<Int> {
        let start = Self.firstLane + slot * lanesSize
        return start..<start + lanesSize
    }

    /// Who, relative to the slot: written at the fork and at each change of phase.
    enum Worker {
        static let phase = 0
        static let generation = 8
        static let pid = 16
        static let number = 24
        static let wantsReplacement = 32
        static let readyAt = 40
        static let requestsWhenDraining = 48
    }

    /// How much, relative to the slot: written now and then while serving.
    enum Counters {
        static let connections = 64
        static let droppedLogLines = 72
        /// One more than there are, so that 0 means that the worker has not said.
        static let freeThreads = 80
        static let waiting = 88
        static let running = 96
    }

    /// What a thread does, relative to the lane: the request being served, guarded by `sequence`.
    enum BlackBox {
        static let sequence = 0
        static let startedAt = 8
        static let deadline = 16
        static let labelLength = 24
        static let idLength = 32
        static let label = 40
        static let labelRoom = 200
        static let id = label + labelRoom
        static let idRoom = 128
        /// How many requests the thread has finished.
        static let requests = id + idRoom
    }

    /// Which thread a lane is, relative to the lane: written once.
    static let thread = 384

    /// Where a thread was that crashed, or was stuck when its worker was aborted, relative to the lane: the count and the
    /// addresses, written once.
    enum Backtrace {
        static let count = 448
        static let room = 63
        static let range = count..<count + 8 * (1 + room)
    }
}
