import Glibc

/// A descriptor for writers that must not wait until somebody reads.
///
/// Whether writing waits is a property of the open file, which a program shares with whoever gave it the descriptor: a
/// shell would find its own output changed. So a pipe or terminal is opened anew through /proc. That is not permitted where
/// it is another user's: the pipe of a container runtime, which is the service's alone, or the terminal in which somebody
/// became another user by su(1). Then the open file itself is changed; interactive shells change it back when they read.
struct NonBlockingDescriptor: Sendable {
    /// The process's stdout, opened anew once for all who write to it.
    static let standardOutput = NonBlockingDescriptor(of: STDOUT_FILENO)

    let number: CInt
    private let isTerminal: Bool
    /// send(2) can be told for each call not to wait, write(2) cannot.
    private let isSocket: Bool

    /// A descriptor as it is: if its writers wait, so do those of this.
    init(unchanged descriptor: CInt) {
        number = descriptor
        isSocket = false
        isTerminal = isatty(descriptor) == 1
    }

    /// The same destination as `descriptor`.
    init(of descriptor: CInt) {
        var status = stat()
        let kind = unsafe fstat(descriptor, &status) == 0 ? status.st_mode & S_IFMT : 0
        isSocket = kind == S_IFSOCK
        isTerminal = kind == S_IFCHR && isatty(descriptor) == 1
        guard kind == S_IFIFO || kind == S_IFCHR else {
            // A file makes nobody wait, and opened anew it would be written over from its beginning.
            number = descriptor
            return
        }
        let own = unsafe open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        if own < 0 { _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK) }
        number = own < 0 ? descriptor : own
    }

    /// How lines are written for people; `nil` where programs read them.
    func text(for format: LogFormat) -> TextLine? {
        guard format == .text || format == .auto && isTerminal else { return nil }
        let isColoured = unsafe getenv("NO_COLOR") == nil
        return TextLine(isColoured: isTerminal && isColoured)
    }

    /// Writes what the reader has room for.
    /// - Returns: How many bytes; -1 with errno, EAGAIN when there is no room now.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        isSocket
            ? unsafe send(number, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
            : unsafe Glibc.write(number, bytes.baseAddress, bytes.count)
    }

    /// Waits until there is room, or the reader is gone, which the next write tells.
    func hasRoom(within time: Duration) -> Bool {
        var waiting = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        let (seconds, attoseconds) = time.components
        // Rounded up, or the end of a wait would be a busy one.
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return unsafe poll(&waiting, 1, CInt(clamping: milliseconds)) > 0
    }
}
