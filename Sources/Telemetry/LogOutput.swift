import Glibc

/// Where log lines go: a descriptor that gets each line in one write(2).
public struct LogOutput: Sendable {
    /// The process's stdout; the platform routes it from there (twelve-factor XI).
    public static let standardOutput = LogOutput(descriptor: STDOUT_FILENO)

    private let descriptor: CInt

    /// An output on a descriptor that stays open as long as this is used.
    public init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    /// Writes one line. A full pipe makes the caller wait, as a blocking stdout would; a reader that is gone or a full
    /// disk loses the line, for a service must not fail because nobody takes its logs.
    public func write(_ line: Span<UInt8>) {
        unsafe line.withUnsafeBytes { unsafe write($0) }
    }

    func write(_ line: UnsafeRawBufferPointer) {
        var offset = 0
        while offset < line.count {
            let count = unsafe Glibc.write(descriptor, line.baseAddress! + offset, line.count - offset)
            if count >= 0 {
                offset += count
            } else if errno == EAGAIN {
                var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&waiting, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
