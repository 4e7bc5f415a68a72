import Glibc

/// For how long a thread has run on a processor, and for how long it was ready to run and had to wait for one.
///
/// Make one on the thread that it is about, and keep it: it holds a file of /proc open. What of a stretch of time is neither
/// the one nor the other, the thread has waited for something else: an answer, a lock, a disk.
public struct ThreadTimes: ~Copyable {
    /// Nanoseconds since the thread began. Take differences.
    public struct Reading: Hashable, Sendable {
        /// On a processor.
        public var processor: Int64
        /// Ready, while the processors were busy with others or a quota was used up.
        public var runQueue: Int64

        /// Times that were measured.
        public init(processor: Int64, runQueue: Int64) {
            self.processor = processor
            self.runQueue = runQueue
        }
    }

    /// Open for as long as this lives; -1 when there is none.
    private let schedstat: CInt

    /// Of the calling thread.
    public init() { schedstat = (try? FileDescriptor.open("/proc/thread-self/schedstat", O_RDONLY))?.release() ?? -1 }

    deinit { if schedstat >= 0 { close(schedstat) } }

    /// Until now. Called by the thread that it is about; two system calls, 0.6 µs together.
    ///
    /// The time on a processor is not taken from the same file, where it is brought up to date only at each tick of the
    /// scheduler: some milliseconds. Without /proc, or with a kernel that does not measure it (CONFIG_SCHED_INFO), the time
    /// on the run queue is 0.
    public func read() -> Reading { Reading(processor: ProcessorTime.ofThisThread, runQueue: readRunQueue()) }

    /// The second number of the file.
    private func readRunQueue() -> Int64 {
        guard schedstat >= 0 else { return 0 }
        return unsafe withUnsafeTemporaryAllocation(byteCount: 96, alignment: 1) { buffer in
            let count = unsafe pread(schedstat, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else { return 0 }
            var words = 0
            var value: Int64 = 0
            for index in 0..<count {
                let byte = unsafe buffer[index]
                if byte == UInt8(ascii: " ") {
                    words += 1
                    if words == 2 { return value }
                } else if words == 1 {
                    value = value &* 10 &+ Int64(byte &- UInt8(ascii: "0"))
                }
            }
            return 0
        }
    }
}
