public import Linux

/// A worker's place on the scoreboard: what it is, how much it did, and a lane for each of its threads that serve.
///
/// Only the worker that owns the slot writes. Everybody may read at any time, also when the writer died half way.
public struct WorkerSlot: Sendable {
    /// Which slot of the scoreboard this is, from 0 on.
    public let index: Int
    private let memory: SharedMemory
    private let layout: ScoreboardLayout
    private let start: Int

    init(index: Int, memory: SharedMemory, layout: ScoreboardLayout) {
        self.index = index
        self.memory = memory
        self.layout = layout
        start = ScoreboardLayout.slot(index).lowerBound
    }

    // MARK: - Lanes

    /// How many lanes there are: as many as ``SupervisorConfiguration/lanes`` says.
    public var laneCount: Int { layout.lanes }

    /// The lane with a number from 0 on. Take it once and keep it, rather than for each request.
    public func lane(_ index: Int) -> WorkerLane {
        precondition(index >= 0 && index < layout.lanes, "the worker has no lane \(index)")
        return WorkerLane(
            index: index,
            memory: memory,
            start: layout.lanes(of: self.index).lowerBound + index * ScoreboardLayout.laneSize
        )
    }

    /// All lanes.
    public var lanes: [WorkerLane] { (0..<layout.lanes).map { lane($0) } }

    // MARK: - While serving

    /// How many connections the worker holds.
    public func setConnections(_ count: Int) {
        word(ScoreboardLayout.Counters.connections).storeRelaxed(UInt64(clamping: count))
    }

    /// How many more requests could wait in the worker at the same time, each on a thread of its own.
    func setFreeThreads(_ count: Int) {
        word(ScoreboardLayout.Counters.freeThreads).storeRelaxed(UInt64(clamping: count) &+ 1)
    }

    /// How many requests have a thread of their own in the worker.
    func setRunning(_ count: Int) {
        word(ScoreboardLayout.Counters.running).storeRelaxed(UInt64(clamping: count))
    }

    /// How many requests the worker has read that wait for a thread.
    func setWaiting(_ count: Int) {
        word(ScoreboardLayout.Counters.waiting).storeRelaxed(UInt64(clamping: count))
    }

    /// How many log lines the worker has dropped and not yet said so in the log: should it leave before it can, the supervisor
    /// says it.
    public func setDroppedLogLines(_ count: Int) {
        word(ScoreboardLayout.Counters.droppedLogLines).storeRelaxed(UInt64(clamping: count))
    }

    // MARK: - Reading

    /// What the worker is about.
    public var phase: WorkerPhase {
        WorkerPhase(rawValue: word(ScoreboardLayout.Worker.phase).load()) ?? .vacant
    }

    /// The worker's process id, 0 when the slot is vacant.
    public var pid: Int32 { Int32(truncatingIfNeeded: word(ScoreboardLayout.Worker.pid).load()) }

    /// The worker's number.
    public var number: Int { Int(clamping: word(ScoreboardLayout.Worker.number).load()) }

    /// The roll that made the worker.
    public var generation: Int { Int(clamping: word(ScoreboardLayout.Worker.generation).load()) }

    /// When the worker became ready, `nil` before.
    public var readyAt: MonotonicInstant? { word(ScoreboardLayout.Worker.readyAt).instant }

    /// How many requests the worker has finished, in all its lanes.
    public var requests: Int { lanes.reduce(0) { $0 + $1.requests } }

    /// How many connections the worker holds.
    public var connections: Int { Int(clamping: word(ScoreboardLayout.Counters.connections).load()) }

    /// How many more requests could wait in the worker at the same time; `nil` when it has not said.
    public var freeThreads: Int? {
        let published = word(ScoreboardLayout.Counters.freeThreads).load()
        return published == 0 ? nil : Int(clamping: published - 1)
    }

    /// How many requests have a thread of their own in the worker, because they take long.
    public var running: Int { Int(clamping: word(ScoreboardLayout.Counters.running).load()) }

    /// How many requests the worker has read that wait for a thread.
    public var waiting: Int { Int(clamping: word(ScoreboardLayout.Counters.waiting).load()) }

    /// The requests being served, of all lanes that are in one.
    public var requestsInFlight: [BlackBox] { lanes.compactMap { $0.busySince == nil ? nil : $0.blackBox } }

    /// How many log lines the worker has dropped without saying so.
    public var droppedLogLines: Int { Int(clamping: word(ScoreboardLayout.Counters.droppedLogLines).load()) }

    // MARK: - A worker's life

    /// What must hold before the fork, written by the supervisor while no worker owns the slot.
    func prepare(number: Int, generation: Int) {
        memory.clear(ScoreboardLayout.slot(index))
        memory.clear(layout.lanes(of: index))
        word(ScoreboardLayout.Worker.number).storeRelaxed(UInt64(number))
        word(ScoreboardLayout.Worker.generation).storeRelaxed(UInt64(generation))
        enter(.booting)
    }

    /// The worker's first word.
    func claim(pid: Int32) {
        word(ScoreboardLayout.Worker.pid).store(UInt64(pid))
    }

    /// Serves from now on. A worker that was told to leave while it booted stays a leaving one, but its time to boot is over.
    func becomeReady() {
        word(ScoreboardLayout.Worker.readyAt).store(UInt64(MonotonicInstant.now.nanoseconds))
        _ = word(ScoreboardLayout.Worker.phase)
            .replace(WorkerPhase.booting.rawValue, by: WorkerPhase.ready.rawValue)
    }

    /// Leaves from now on.
    func beginDraining() {
        word(ScoreboardLayout.Worker.requestsWhenDraining).storeRelaxed(UInt64(clamping: requests))
        enter(.draining)
    }

    /// The worker was reaped.
    func vacate() { enter(.vacant) }

    private func enter(_ phase: WorkerPhase) { word(ScoreboardLayout.Worker.phase).store(phase.rawValue) }

    /// How many requests the worker has finished since it was told to leave.
    var requestsWhileDraining: Int {
        guard phase == .draining else { return 0 }
        return requests - Int(clamping: word(ScoreboardLayout.Worker.requestsWhenDraining).load())
    }

    /// Whether this is news.
    func requestReplacement() -> Bool {
        word(ScoreboardLayout.Worker.wantsReplacement).exchange(1) == 0
    }

    var wantsReplacement: Bool { word(ScoreboardLayout.Worker.wantsReplacement).load() != 0 }

    private func word(_ offset: Int) -> SharedWord { memory.word(at: start + offset) }
}

extension SharedWord {
    /// As nanoseconds of the clock; 0 is none.
    var instant: MonotonicInstant? {
        let nanoseconds = load()
        return nanoseconds == 0 ? nil : MonotonicInstant(nanoseconds: Int64(truncatingIfNeeded: nanoseconds))
    }
}
