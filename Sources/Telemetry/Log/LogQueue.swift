import Glibc

/// Log lines of a process that must never wait: those that find no room wait in memory, in order, until their reader has.
///
/// It is bounded. When the reader stays away the oldest lines are dropped and counted, and a warning, `log lines dropped`,
/// with the `count` precedes what is left. Not for use by several threads.
public final class LogQueue {
    /// How many lines wait at most: more than a supervisor of many workers has to say in a storm of crashes.
    public static let limit = 1000

    private let output: NonBlockingDescriptor
    private let text: TextLine?
    private var waiting: [[UInt8]] = []
    /// How many bytes of the first waiting line are written.
    private var written = 0
    private var dropped = 0

    /// A queue before the process's stdout.
    public convenience init(_ format: LogFormat = .auto) {
        self.init(.standardOutput, format)
    }

    init(_ output: NonBlockingDescriptor, _ format: LogFormat = .auto) {
        self.output = output
        text = output.text(for: format)
    }

    /// The descriptor to ``flush()`` when it can be written to; `nil` when nothing waits.
    public var blockedDescriptor: CInt? { waiting.isEmpty && dropped == 0 ? nil : output.number }

    /// What waits, without line breaks, for a program that takes this one's place. The number of dropped lines comes first.
    public var unwrittenLines: [String] {
        let lines = (dropped > 0 ? [LogLine.dropped(dropped)] : []) + waiting
        return lines.map { String(decoding: $0.dropLast(), as: UTF8.self) }
    }

    /// Writes lines that a former program could not write.
    public func append(unwritten lines: [String]) {
        for line in lines { append(Array((line + "\n").utf8)) }
    }

    /// Writes a line, or keeps it until it can be written.
    public func append(_ line: [UInt8]) {
        while waiting.count >= Self.limit {
            // One that is begun has to be ended.
            waiting.remove(at: written == 0 ? 0 : 1)
            dropped += 1
        }
        waiting.append(readable(line))
        flush()
    }

    /// Writes what there is room for.
    public func flush() {
        if dropped > 0, written == 0, !reportDropped() { return }
        while let line = waiting.first {
            guard write(line) else { return }
            waiting.removeFirst()
            written = 0
            if dropped > 0, !reportDropped() { return }
        }
    }

    /// The line in the form that its reader needs.
    private func readable(_ line: [UInt8]) -> [UInt8] { text?.text(for: line) ?? line }

    /// - Returns: Whether the report is on its way, before all that waits.
    private func reportDropped() -> Bool {
        let line = readable(LogLine.dropped(dropped))
        guard write(line) || written > 0 else { return false }
        dropped = 0
        guard written > 0 else { return true }
        waiting.insert(line, at: 0)
        return false
    }

    /// Writes the rest of a line.
    /// - Returns: Whether it is written, or lost because nobody will ever read it.
    private func write(_ line: [UInt8]) -> Bool {
        while written < line.count {
            let count = unsafe line.withUnsafeBytes { bytes in
                unsafe output.write(UnsafeRawBufferPointer(rebasing: bytes[written...]))
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                return false
            } else if errno != EINTR {
                written = line.count
            }
        }
        written = 0
        return true
    }
}
