public import Linux
import Synchronization

/// A thread's part of a worker's slot: the black box with the request it is serving, and where it was when it died.
///
/// One thread at a time writes. Everybody may read at any time, also when the writer died half way.
public struct WorkerLane: Sendable {
    /// Which lane of the worker this is, from 0 on.
    public let index: Int
    private let memory: SharedMemory
    private let start: Int

    init(index: Int, memory: SharedMemory, start: Int) {
        self.index = index
        self.memory = memory
        self.start = start
    }

    // MARK: - While serving

    /// The calling thread serves in this lane from now on: should it crash, or hold its worker up until that is aborted, it
    /// writes down here where it was.
    public func attachThread() {
        word(ScoreboardLayout.thread).store(Thread.current.number)
        Backtrace.recordThisThread(in: memory, backtraceRange)
    }

    /// The calling thread serves no longer in this lane.
    public func detachThread() { word(ScoreboardLayout.thread).store(0) }

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

        let label = start + Box.label
        let end = label + Box.labelRoom
        var position = label + memory.write(verb, in: label..<end)
        if position < end {
            memory.write(UInt8(ascii: " "), at: position)
            position += 1
            position += memory.write(object, in: position..<end)
        }
        word(Box.labelLength).storeRelaxed(UInt64(position - label))
        let idLength = memory.write(id, in: start + Box.id..<start + Box.id + Box.idRoom)
        word(Box.idLength).storeRelaxed(UInt64(idLength))
        word(Box.startedAt).storeRelaxed(UInt64(bitPattern: max(startedAt.nanoseconds, 1)))
        word(Box.deadline).storeRelaxed(UInt64(bitPattern: deadline?.nanoseconds ?? 0))

        sequence.store(next &+ 1)
    }

    /// The request in the black box has more time.
    public func extend(until deadline: MonotonicInstant) {
        word(ScoreboardLayout.BlackBox.deadline).store(UInt64(bitPattern: deadline.nanoseconds))
    }

    /// The request is over: counts it and empties the black box.
    public func end() {
        let requests = word(ScoreboardLayout.BlackBox.requests)
        requests.storeRelaxed(requests.loadRelaxed() &+ 1)
        pause()
    }

    /// The thread has nothing to do with the request any more, which goes on elsewhere: empties the black box.
    public func pause() {
        word(ScoreboardLayout.BlackBox.deadline).storeRelaxed(0)
        word(ScoreboardLayout.BlackBox.startedAt).store(0)
    }

    // MARK: - Reading

    /// How many requests were finished in this lane.
    public var requests: Int { Int(clamping: word(ScoreboardLayout.BlackBox.requests).load()) }

    /// Since when the thread has been busy with one request, `nil` when it is idle.
    public var busySince: MonotonicInstant? { word(ScoreboardLayout.BlackBox.startedAt).instant }

    /// The request being served, `nil` when the thread is idle.
    public var blackBox: BlackBox? {
        let sequence = word(ScoreboardLayout.BlackBox.sequence)
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
        let startedAt = word(Box.startedAt).instant
        let deadline = word(Box.deadline).instant
        let label = text(at: Box.label, length: word(Box.labelLength).loadRelaxed(), room: Box.labelRoom)
        let id = text(at: Box.id, length: word(Box.idLength).loadRelaxed(), room: Box.idRoom)
        guard startedAt != nil || isTorn else { return nil }
        return BlackBox(label: label, id: id, startedAt: startedAt, deadline: deadline, isTorn: isTorn)
    }

    // MARK: - At the end

    /// Where the thread was when it crashed or its worker was aborted: return addresses, innermost first.
    var backtrace: [UInt64] { Backtrace.addresses(in: memory, backtraceRange) }

    /// The thread that serves in this lane.
    var thread: Thread? {
        let number = word(ScoreboardLayout.thread).load()
        return number == 0 ? nil : Thread(number: number)
    }

    /// In the worker: threads that have no lane write here where they crashed.
    func recordOtherCrashes() { Backtrace.recordCrashes(in: memory, backtraceRange) }

    // MARK: - Access

    private var backtraceRange: Range<Int> {
        let range = ScoreboardLayout.Backtrace.range
        return start + range.lowerBound..<start + range.upperBound
    }

    private func word(_ offset: Int) -> SharedWord { memory.word(at: start + offset) }

    private func text(at offset: Int, length: UInt64, room: Int) -> String {
        memory.text(in: start + offset..<start + offset + min(Int(clamping: length), room))
    }
}
