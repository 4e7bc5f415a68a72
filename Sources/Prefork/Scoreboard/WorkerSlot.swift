import Synchronization

/// A worker's place on the scoreboard: what it is, how much it did, and the black box with what it is doing.
///
/// Only the worker that owns the slot writes. Everybody may read at any time, also when the writer died half way.
public struct WorkerSlot: Sendable {
    /// Which slot of the scoreboard this is, from 0 on.
    public let index: Int
    private let memory: SharedMemory
    private let start: Int

    init(index: Int, memory: SharedMemory) {
        self.index = index
        self.memory = memory
        start = ScoreboardLayout.firstSlot + index * ScoreboardLayout.slotSize
    }

    // MARK: - While serving

    /// Writes into the black box which request is being served from now on. It takes a few tens of nanoseconds.
    ///
    /// The label is what people recognise the request by, in two parts that a space joins, such as method and path.
    /// What is longer than 200 bytes together (128 for the id) is cut.
    ///
    /// - Parameters:
    ///   - verb: the label's first part.
    ///   - object: the label's second part.
    ///   - id: the id under which the request appears in the logs.
    ///   - startedAt: when it began.
    ///   - deadline: when it must be over. The supervisor aborts a worker that is still in the request
    ///     ``SupervisorConfiguration/abortDelay`` later.
    public func begin(
        _ verb: RawSpan,
        _ object: RawSpan,
        id: RawSpan,
        startedAt: MonotonicInstant,
        deadline: MonotonicInstant? = nil
    ) {
        typealias Box = ScoreboardLayout.BlackBox
        let sequence = word(Box.sequence)
        let next = (sequence.loadRelaxed() &+ 1) | 1
        sequence.storeRelaxed(next)
        atomicMemoryFence(ordering: .releasing)

        unsafe verb.withUnsafeBytes { verb in
            unsafe object.withUnsafeBytes { object in
                let room = unsafe memory.bytes(at: range(Box.label, Box.labelRoom))
                var length = unsafe room.fill(at: 0, from: verb)
                if length < room.count {
                    unsafe room[length] = UInt8(ascii: " ")
                    length = unsafe room.fill(at: length + 1, from: object)
                }
                word(Box.labelLength).storeRelaxed(UInt64(length))
            }
        }
        unsafe id.withUnsafeBytes { id in
            let room = unsafe memory.bytes(at: range(Box.id, Box.idRoom))
            word(Box.idLength).storeRelaxed(UInt64(unsafe room.fill(at: 0, from: id)))
        }
        word(Box.startedAt).storeRelaxed(max(startedAt.nanoseconds, 1))
        word(Box.deadline).storeRelaxed(deadline?.nanoseconds ?? 0)

        sequence.store(next &+ 1)
    }

    /// The request is over: counts it and empties the black box.
    public func end() {
        let requests = word(ScoreboardLayout.Counters.requests)
        requests.storeRelaxed(requests.loadRelaxed() &+ 1)
        word(ScoreboardLayout.BlackBox.deadline).storeRelaxed(0)
        word(ScoreboardLayout.BlackBox.startedAt).store(0)
    }

    /// How many connections the worker holds.
    public func setConnections(_ count: Int) {
        word(ScoreboardLayout.Counters.connections).storeRelaxed(UInt64(clamping: count))
    }

    /// How many log lines the worker has dropped and not yet said so in the log: should it leave before it can, the supervisor
    /// says it.
    public func setDroppedLogLines(_ count: Int) {
        word(ScoreboardLayout.Counters.droppedLogLines).storeRelaxed(UInt64(clamping: count))
    }

    // MARK: - Reading

    /// What the worker is about.
    public var phase: WorkerPhase {
        WorkerPhase(rawValue: word(ScoreboardLayout.Identity.phase).load()) ?? .vacant
    }

    /// The worker's process id, 0 when the slot is vacant.
    public var pid: Int32 { Int32(truncatingIfNeeded: word(ScoreboardLayout.Identity.pid).load()) }

    /// The worker's number.
    public var number: Int { Int(clamping: word(ScoreboardLayout.Identity.number).load()) }

    /// The roll that made the worker.
    public var generation: Int { Int(clamping: word(ScoreboardLayout.Identity.generation).load()) }

    /// When the worker became ready, `nil` before.
    public var readyAt: MonotonicInstant? { instant(ScoreboardLayout.Identity.readyAt) }

    /// How many requests the worker has finished.
    public var requests: Int { Int(clamping: word(ScoreboardLayout.Counters.requests).load()) }

    /// How many connections the worker holds.
    public var connections: Int { Int(clamping: word(ScoreboardLayout.Counters.connections).load()) }

    /// How many log lines the worker has dropped without saying so.
    var droppedLogLines: Int { Int(clamping: word(ScoreboardLayout.Counters.droppedLogLines).load()) }

    /// Since when the worker has been busy with one request, `nil` when it is idle.
    public var busySince: MonotonicInstant? { instant(ScoreboardLayout.BlackBox.startedAt) }

    /// The request being served, `nil` when the worker is idle.
    public var blackBox: BlackBox? {
        typealias Box = ScoreboardLayout.BlackBox
        let sequence = word(Box.sequence)
        // A living writer is done in nanoseconds. One that died while writing leaves the number odd for ever: then what
        // it had written so far is the best there is, and is marked as torn.
        for attempt in 1...1000 {
            let before = sequence.load()
            guard before & 1 == 0 || attempt == 1000 else { continue }
            let box = readBlackBox(isTorn: before & 1 == 1)
            atomicMemoryFence(ordering: .acquiring)
            if before & 1 == 1 || sequence.loadRelaxed() == before { return box }
        }
        return readBlackBox(isTorn: true)
    }

    private func readBlackBox(isTorn: Bool) -> BlackBox? {
        typealias Box = ScoreboardLayout.BlackBox
        let startedAt = instant(Box.startedAt)
        let deadline = instant(Box.deadline)
        let label = text(at: Box.label, length: word(Box.labelLength).loadRelaxed(), room: Box.labelRoom)
        let id = text(at: Box.id, length: word(Box.idLength).loadRelaxed(), room: Box.idRoom)
        guard startedAt != nil || isTorn else { return nil }
        return BlackBox(label: label, id: id, startedAt: startedAt, deadline: deadline, isTorn: isTorn)
    }

    // MARK: - A worker's life

    /// What must hold before the fork, written by the supervisor while no worker owns the slot.
    func prepare(number: Int, generation: Int) {
        let all = unsafe memory.bytes(at: range(0, ScoreboardLayout.slotSize))
        unsafe all.initializeMemory(as: UInt8.self, repeating: 0)
        word(ScoreboardLayout.Identity.number).storeRelaxed(UInt64(number))
        word(ScoreboardLayout.Identity.generation).storeRelaxed(UInt64(generation))
        enter(.booting)
    }

    /// The worker's first word.
    func claim(pid: Int32) {
        word(ScoreboardLayout.Identity.pid).store(UInt64(pid))
    }

    /// Serves from now on. A worker that was told to leave while it booted stays a leaving one, but its time to boot is over.
    func becomeReady() {
        word(ScoreboardLayout.Identity.readyAt).store(MonotonicInstant.now.nanoseconds)
        _ = word(ScoreboardLayout.Identity.phase)
            .replace(WorkerPhase.booting.rawValue, by: WorkerPhase.ready.rawValue)
    }

    /// Leaves from now on.
    func beginDraining() {
        let requests = word(ScoreboardLayout.Counters.requests).load()
        word(ScoreboardLayout.Identity.requestsWhenDraining).storeRelaxed(requests)
        enter(.draining)
    }

    /// The worker is dead and buried.
    func vacate() { enter(.vacant) }

    private func enter(_ phase: WorkerPhase) { word(ScoreboardLayout.Identity.phase).store(phase.rawValue) }

    /// How many requests the worker has finished since it was told to leave.
    var requestsWhileDraining: Int {
        guard phase == .draining else { return 0 }
        return requests - Int(clamping: word(ScoreboardLayout.Identity.requestsWhenDraining).load())
    }

    /// Whether this is news.
    func requestReplacement() -> Bool {
        word(ScoreboardLayout.Identity.wantsReplacement).exchange(1) == 0
    }

    var wantsReplacement: Bool { word(ScoreboardLayout.Identity.wantsReplacement).load() != 0 }

    /// Where a thread of the worker was when the worker was told to die: return addresses, innermost first.
    var backtrace: [UInt64] {
        typealias Trace = ScoreboardLayout.Backtrace
        let count = min(Int(clamping: word(Trace.count).load()), Trace.room)
        return (0..<count).map { word(Trace.addresses + 8 * $0).loadRelaxed() }
    }

    /// Where a signal handler writes it: the count, followed by room for the addresses.
    @unsafe var backtraceRoom: UnsafeMutableRawBufferPointer {
        typealias Trace = ScoreboardLayout.Backtrace
        return unsafe memory.bytes(at: range(Trace.count, 8 + 8 * Trace.room))
    }

    // MARK: - Access

    private func word(_ offset: Int) -> SharedWord { memory.word(at: start + offset) }
    private func range(_ offset: Int, _ count: Int) -> Range<Int> { start + offset..<start + offset + count }

    private func instant(_ offset: Int) -> MonotonicInstant? {
        let nanoseconds = word(offset).load()
        return nanoseconds == 0 ? nil : MonotonicInstant(nanoseconds: nanoseconds)
    }

    private func text(at offset: Int, length: UInt64, room: Int) -> String {
        let bytes = unsafe memory.bytes(at: range(offset, min(Int(clamping: length), room)))
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Copies as much as fits to a position. Returns the position behind it.
    fileprivate func fill(at position: Int, from source: UnsafeRawBufferPointer) -> Int {
        let count = Swift.min(source.count, self.count - position)
        guard count > 0, let base = baseAddress, let source = source.baseAddress else { return position }
        unsafe base.advanced(by: position).copyMemory(from: source, byteCount: count)
        return position + count
    }
}
