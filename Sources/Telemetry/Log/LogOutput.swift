import Glibc
import Linux
import Synchronization

/// Where log lines go: a descriptor that gets each line in one write(2).
///
/// Nobody waits long for a reader who does not read. A writer that finds no room waits ``writeTimeout`` for it; then the
/// line is dropped and counted, and for ``backoff`` no further line is waited for. The first line that is taken again is preceded by
/// a warning, `log lines dropped`, with the `count`. A reader that is gone or a full disk loses lines too: a service must
/// not fail because nobody takes its logs.
public final class LogOutput: Sendable {
    /// The process's stdout; the platform routes it from there (twelve-factor XI).
    public static let standardOutput = LogOutput(NonBlockingDescriptor.standardOutput)

    /// How long one line may wait: a reader that is alive takes all that a pipe holds in a fraction of it.
    public static let writeTimeout = Duration.milliseconds(100)

    /// How long no line is waited for after one was dropped. So a reader that barely reads costs a tenth of the time.
    public static let backoff = Duration.seconds(1)

    private let descriptor: NonBlockingDescriptor
    private let dropped = Atomic<Int>(0)
    /// Nanoseconds of the monotonic clock before which nothing is waited for.
    private let backoffEnd = Atomic<Int64>(0)
    /// Whether the last line ended before its line break.
    private let isCut = Atomic<Bool>(false)

    /// An output on a descriptor that stays open as long as this is used. If it is blocking, its writers wait for as long as
    /// its reader makes them.
    public convenience init(descriptor: CInt) {
        self.init(NonBlockingDescriptor(unchanged: descriptor))
    }

    init(_ descriptor: NonBlockingDescriptor) {
        self.descriptor = descriptor
    }

    /// How many lines were dropped since the last that was taken.
    public var droppedLines: Int { dropped.load(ordering: .relaxed) }

    /// Writes one line, its line break included, or drops it.
    public func write(_ line: Span<UInt8>) {
        unsafe line.withUnsafeBytes { unsafe write($0) }
    }

    /// Says how many lines were dropped, if some were and the reader takes that now. A process that is about to end calls it.
    public func reportDropped() {
        _ = droppedLines == 0 || writeDropReport()
    }

    func write(_ line: UnsafeRawBufferPointer) {
        guard droppedLines == 0 || writeDropReport(), unsafe put(translated: line) else {
            dropped.add(1, ordering: .relaxed)
            return
        }
    }

    /// - Returns: Whether the reader took it.
    private func writeDropReport() -> Bool {
        let count = dropped.exchange(0, ordering: .relaxed)
        let isTaken = unsafe LogLine.dropped(count).withUnsafeBytes { unsafe put(translated: $0) }
        if !isTaken { dropped.add(count, ordering: .relaxed) }
        return isTaken
    }

    /// Writes a line in the form that its reader needs.
    private func put(translated line: UnsafeRawBufferPointer) -> Bool {
        guard let terminal = descriptor.terminal else { return unsafe put(line) }
        return unsafe terminal.text(for: [UInt8](line)).withUnsafeBytes { unsafe put($0) }
    }

    /// - Returns: Whether the line is written, or lost for another reason than that the reader is slow.
    private func put(_ line: UnsafeRawBufferPointer) -> Bool {
        if isCut.load(ordering: .relaxed) {
            guard unsafe [UInt8(ascii: "\n")].withUnsafeBytes({ unsafe write(whole: $0) }) else { return false }
            isCut.store(false, ordering: .relaxed)
        }
        return unsafe write(whole: line)
    }

    private func write(whole line: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        var deadline: MonotonicInstant?
        while offset < line.count {
            let count = unsafe descriptor.write(UnsafeRawBufferPointer(rebasing: line[offset...]))
            if count >= 0 {
                offset += count
            } else if errno == EAGAIN {
                guard waitForRoom(until: &deadline) else {
                    // A pipe takes a line whole or not at all; sockets and terminals may take a part.
                    if offset > 0 { isCut.store(true, ordering: .relaxed) }
                    return false
                }
            } else if errno != EINTR {
                if offset > 0 { isCut.store(true, ordering: .relaxed) }
                return true
            }
        }
        return true
    }

    private func waitForRoom(until deadline: inout MonotonicInstant?) -> Bool {
        let now = MonotonicInstant.now
        let end: MonotonicInstant
        if let deadline {
            end = deadline
        } else {
            guard now.nanoseconds >= backoffEnd.load(ordering: .relaxed) else { return false }
            end = now + Self.writeTimeout
            deadline = end
        }
        if now < end, descriptor.hasRoom(within: end - now) { return true }
        backoffEnd.store((MonotonicInstant.now + Self.backoff).nanoseconds, ordering: .relaxed)
        return false
    }
}
