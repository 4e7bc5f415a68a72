import Glibc

/// A descriptor for writers that must not wait until somebody reads.
///
/// Whether writing waits is a property of the open file, which a program shares with whoever gave it the descriptor: a
/// shell would find its own output changed. So a pipe or terminal is opened anew through /proc. That is not permitted where
/// another user made the pipe, as container runtimes do; such a pipe is the service's alone, and is changed itself.
struct NonBlockingDescriptor: Sendable {
    private enum Kind {
        /// write(2) returns at once: of a file, or of an open file that does not wait.
        case open
        /// send(2) can be told for each call not to wait.
        case socket
        /// Another user's terminal: all that can be done is to ask first (poll(2)).
        case asking
    }

    let number: CInt
    private let kind: Kind

    private init(number: CInt, kind: Kind) {
        self.number = number
        self.kind = kind
    }

    /// A descriptor as it is: if its writers wait, so do those of this.
    init(asItIs descriptor: CInt) {
        self.init(number: descriptor, kind: .open)
    }

    /// The same destination as `descriptor`, and nobody else's open file is changed.
    init(of descriptor: CInt) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            self.init(number: descriptor, kind: .open)
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFSOCK:
            self.init(number: descriptor, kind: .socket)
        case S_IFIFO, S_IFCHR:
            let flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
            let own = unsafe open("/proc/self/fd/\(descriptor)", flags)
            if own >= 0 {
                self.init(number: own, kind: .open)
            } else if status.st_mode & S_IFMT == S_IFIFO {
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
                self.init(number: descriptor, kind: .open)
            } else {
                self.init(number: descriptor, kind: .asking)
            }
        default:
            // A file. Opened anew it would be written over from its beginning.
            self.init(number: descriptor, kind: .open)
        }
    }

    /// Writes what the reader has room for.
    /// - Returns: How many bytes; -1 with errno, EAGAIN when there is no room now.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch kind {
        case .open:
            return unsafe Glibc.write(number, bytes.baseAddress, bytes.count)
        case .socket:
            return unsafe send(number, bytes.baseAddress, bytes.count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
        case .asking:
            guard hasRoom(within: .zero) else {
                errno = EAGAIN
                return -1
            }
            return unsafe Glibc.write(number, bytes.baseAddress, bytes.count)
        }
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
