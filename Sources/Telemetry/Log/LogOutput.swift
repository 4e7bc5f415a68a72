import Glibc
import Linux
import Synchronization

/// Where log lines go: a descriptor that gets them in writes of at most 4096 bytes, each of whole lines.
///
/// A line is written at once with ``write(_:)``. Lines of which there are many, such as those of requests, may be collected:
/// ``collect(_:)`` keeps them in memory until ``flush()``, and then they leave together. Whoever collects flushes before it
/// waits for something. All writers of the process share that memory, so lines leave in the order in which they came.
///
/// A pipe takes a write of up to PIPE_BUF (4096) bytes whole, so lines of many processes that share one stdout never mix
/// (pipe(7)). Lines that are collected in a process that dies are lost, up to 4096 bytes: what is written down of a crash
/// must not wait for a log reader, nor for a lock that the crashed thread may hold.
///
/// Nobody waits long for a reader who does not read. A writer that finds no room waits ``writeTimeout`` for it; then the
/// lines are dropped and counted, and for ``backoff`` no further line is waited for. The first line that is taken again is
/// preceded by a warning, `log lines dropped`, with the `count`. A reader that is gone or a full disk loses lines too: a
/// service must not fail because nobody takes its logs.
public final class LogOutput: Sendable {
    /// The process's stdout; the platform routes it from there (twelve-factor XI).
    public static let standardOutput = LogOutput(NonBlockingDescriptor.standardOutput)

    /// How long one write may wait: a reader that is alive takes all that a pipe holds in a fraction of it.
    public static let writeTimeout = Duration.milliseconds(100)

    /// How long no line is waited for after one was dropped. So a reader that barely reads costs a tenth of the time.
    public static let backoff = Duration.seconds(1)

    /// How many bytes are collected at most, and written at once: PIPE_BUF.
    static let capacity = LogLine.maximumLength

    /// What writers of several threads take turns with. It is held while somebody writes: whoever finds it taken would have
    /// to wait for the same reader.
    private struct State {
        var collected: [UInt8] = []
        /// Nanoseconds of the monotonic clock before which nothing is waited for.
        var backoffEnd: Int64 = 0
        /// Whether the last line ended before its line break.
        var isCut = false
        /// How lines are written for people; `nil` for JSON.
        var text: TextLine?
    }

    private let descriptor: NonBlockingDescriptor
    private let state: Mutex<State>
    private let repeated: RepeatedEvents
    /// Whether a thread may be started, and whether there is one.
    private let mayTell = Atomic<Bool>(false)
    private let isTelling = Atomic<Bool>(false)
    /// How many bytes are collected, for who only wants to know whether there are any.
    private let collectedBytes = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)
    private let everDropped = Atomic<Int>(0)

    /// An output on a descriptor that stays open as long as this is used. If it is blocking, its writers wait for as long as
    /// its reader makes them.
    public convenience init(descriptor: CInt) {
        self.init(NonBlockingDescriptor(unchanged: descriptor))
    }

    init(_ descriptor: NonBlockingDescriptor, repetitionsToldAfter interval: Duration = RepeatedEvents.interval) {
        self.descriptor = descriptor
        repeated = RepeatedEvents(interval: interval)
        state = Mutex(State(text: descriptor.text(for: .auto)))
    }

    /// Writes lines in another format than ``LogFormat/auto`` from here on.
    public func use(_ format: LogFormat) {
        let text = descriptor.text(for: format)
        state.withLock { $0.text = text }
    }

    /// How many lines were dropped since the last that was taken.
    public var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// How many lines were dropped since the process began, whether the log knows of them or not.
    public var everDroppedLines: Int { everDropped.load(ordering: .relaxed) }

    /// Writes one line, its line break included, behind those that were collected, or drops it.
    public func write(_ line: Span<UInt8>) {
        unsafe line.withUnsafeBytes { unsafe write($0) }
    }

    /// Writes an event, or counts it where it repeats another.
    func write(_ event: LoggedEvent, at now: MonotonicInstant = .now) {
        let (isNew, ended) = repeated.note(event, at: now)
        for line in ended { write(line.span) }
        if isNew { write(event.line().span) } else { tellInTime() }
    }

    /// From here on a thread says how often events were repeated when it is time, whatever this process does: one that is there
    /// only while something is counted. Not for a process that forks.
    public func tellRepetitionsInTime() { mayTell.store(true, ordering: .relaxed) }

    private func tellInTime() {
        guard mayTell.load(ordering: .relaxed), !isTelling.exchange(true, ordering: .acquiringAndReleasing) else {
            return
        }
        let thread = try? Thread.start { [self] in
            repeat {
                while let end = repeated.firstEnd {
                    var poll = Poll()
                    poll.wait(atMost: end - .now)
                    writeRepeated()
                }
                isTelling.store(false, ordering: .releasing)
                // What was counted meanwhile found a thread that was about to end.
            } while repeated.isCounting && !isTelling.exchange(true, ordering: .acquiringAndReleasing)
        }
        guard let thread else { return isTelling.store(false, ordering: .releasing) }
        thread.detach()
    }

    /// Keeps one line, its line break included, until ``flush()`` or until the next does not fit beside it in one write.
    ///
    /// It costs no system call then. Do not fork while something is collected: it would be written twice.
    public func collect(_ line: Span<UInt8>) {
        unsafe line.withUnsafeBytes { unsafe collect($0) }
    }

    /// Writes what was collected, or drops it. Costs next to nothing when there is nothing.
    public func flush() {
        guard collectedBytes.load(ordering: .relaxed) > 0 else { return }
        state.withLock { writeCollected(&$0) }
    }

    private func writeRepeated(isLast: Bool = false) {
        for line in repeated.ended(at: .now, isLast: isLast) { write(line.span) }
    }

    /// Writes what was collected, and says how often events were repeated, and how many lines were dropped, if some were and
    /// the reader takes that now. A process that is about to end calls it.
    public func reportDropped() {
        writeRepeated(isLast: true)
        flush()
        guard droppedLines > 0 else { return }
        state.withLock { _ = writeDropReport(&$0) }
    }

    func write(_ line: UnsafeRawBufferPointer) {
        state.withLock { state in
            unsafe collect(line, &state)
            writeCollected(&state)
        }
    }

    func collect(_ line: UnsafeRawBufferPointer) {
        state.withLock { unsafe collect(line, &$0) }
    }

    private func collect(_ line: UnsafeRawBufferPointer, _ state: inout State) {
        if state.collected.count + line.count > Self.capacity { writeCollected(&state) }
        guard line.count <= Self.capacity else { return unsafe writeOrDrop(line, &state) }
        if state.collected.capacity < Self.capacity { state.collected.reserveCapacity(Self.capacity) }
        unsafe state.collected.append(contentsOf: line)
        collectedBytes.store(state.collected.count, ordering: .relaxed)
    }

    private func writeCollected(_ state: inout State) {
        guard !state.collected.isEmpty else { return }
        var lines: [UInt8] = []
        swap(&lines, &state.collected)
        unsafe lines.withUnsafeBytes { unsafe writeOrDrop($0, &state) }
        lines.removeAll(keepingCapacity: true)
        swap(&lines, &state.collected)
        collectedBytes.store(0, ordering: .relaxed)
    }

    private func writeOrDrop(_ lines: UnsafeRawBufferPointer, _ state: inout State) {
        let isOpen = droppedLines == 0 || writeDropReport(&state)
        let lost = unsafe isOpen ? put(translated: lines, &state) : Self.lineCount(lines[...])
        guard lost > 0 else { return }
        dropped.add(lost, ordering: .relaxed)
        everDropped.add(lost, ordering: .relaxed)
    }

    /// - Returns: Whether the reader took it.
    private func writeDropReport(_ state: inout State) -> Bool {
        let count = dropped.exchange(0, ordering: .relaxed)
        let isTaken = unsafe LogLine.dropped(count).withUnsafeBytes { unsafe put(translated: $0, &state) } == 0
        if !isTaken { dropped.add(count, ordering: .relaxed) }
        return isTaken
    }

    /// Writes lines in the form that their reader needs.
    /// - Returns: How many of them the reader did not take.
    private func put(translated lines: UnsafeRawBufferPointer, _ state: inout State) -> Int {
        guard let text = state.text else { return unsafe put(lines, &state) }
        var lost = 0
        var start = 0
        while start < lines.count {
            let end = unsafe lines[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? lines.count
            lost += unsafe text.text(for: [UInt8](lines[start..<end])).withUnsafeBytes { unsafe put($0, &state) }
            start = end
        }
        return lost
    }

    /// - Returns: How many lines the reader did not take, or not whole, because it is slow.
    private func put(_ lines: UnsafeRawBufferPointer, _ state: inout State) -> Int {
        if state.isCut {
            let isEnded = unsafe [UInt8(ascii: "\n")].withUnsafeBytes { unsafe write($0, &state) } == 1
            guard isEnded else { return unsafe Self.lineCount(lines[...]) }
            state.isCut = false
        }
        let written = unsafe write(lines, &state)
        return written == lines.count ? 0 : unsafe Self.lineCount(lines[written...])
    }

    /// - Returns: How many bytes are written, or lost for another reason than that the reader is slow.
    private func write(_ lines: UnsafeRawBufferPointer, _ state: inout State) -> Int {
        var offset = 0
        var deadline: MonotonicInstant?
        while offset < lines.count {
            let count = unsafe descriptor.write(UnsafeRawBufferPointer(rebasing: lines[offset...]))
            if count >= 0 {
                offset += count
                continue
            }
            let error = errno
            if error == EINTR || error == EAGAIN && waitForRoom(until: &deadline, &state) { continue }
            // A pipe takes lines whole or not at all; sockets and terminals may take a part.
            if offset > 0 { unsafe state.isCut = lines[offset - 1] != UInt8(ascii: "\n") }
            return error == EAGAIN ? offset : lines.count
        }
        return offset
    }

    private func waitForRoom(until deadline: inout MonotonicInstant?, _ state: inout State) -> Bool {
        let now = MonotonicInstant.now
        let end: MonotonicInstant
        if let deadline {
            end = deadline
        } else {
            guard now.nanoseconds >= state.backoffEnd else { return false }
            end = now + Self.writeTimeout
            deadline = end
        }
        if now < end, descriptor.hasRoom(within: end - now) { return true }
        state.backoffEnd = (MonotonicInstant.now + Self.backoff).nanoseconds
        return false
    }

    /// How many lines there are, the rest of one included.
    private static func lineCount(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        unsafe bytes.count { $0 == UInt8(ascii: "\n") } + (bytes.last == UInt8(ascii: "\n") ? 0 : 1)
    }
}
