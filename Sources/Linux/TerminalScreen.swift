import Glibc

/// All of the terminal that a program was started in: a screen of its own, in front of what was there, and keys without Return.
/// When it is closed the terminal is as it was before.
///
/// Signals that would end the program must not come by while it is open: block them, and watch a ``SignalDescriptor``.
public final class TerminalScreen {
    /// How much fits.
    public struct Size: Equatable, Sendable {
        /// Lines.
        public var rows: Int
        /// Characters in a line.
        public var columns: Int

        /// So much.
        public init(rows: Int, columns: Int) {
            self.rows = rows
            self.columns = columns
        }
    }

    private var before: termios
    private var isOpen = false

    /// Switches to it. `nil` when standard input and output are no terminal.
    public init?() {
        before = termios()
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, unsafe tcgetattr(STDIN_FILENO, &before) == 0 else {
            return nil
        }
        var raw = before
        // Neither lines nor echo, and ^C is a key: whoever reads it decides (termios(3)).
        raw.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0 else { return nil }
        isOpen = true
        // xterm's private modes 1049 (alternate screen) and 25 (cursor).
        write("\u{1b}[?1049h\u{1b}[?25l")
    }

    deinit { close() }

    /// Switches back.
    public func close() {
        guard isOpen else { return }
        isOpen = false
        write("\u{1b}[?25h\u{1b}[?1049l")
        // Without waiting for what a stalled terminal does not take.
        _ = tcflush(STDIN_FILENO, TCIFLUSH)
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    /// How large it is now (ioctl_tty(2), TIOCGWINSZ).
    public var size: Size {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return Size(rows: 24, columns: 80)
        }
        return Size(rows: Int(size.ws_row), columns: Int(size.ws_col))
    }

    /// Readable when a key was pressed.
    public var keyboard: CInt { STDIN_FILENO }

    /// The keys that were pressed, as bytes; `nil` when the terminal is gone.
    public func readKeys() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return [] }
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    /// Shows lines from the top on; what does not fit is cut. What they hold must not have control characters.
    public func show(_ lines: [String]) {
        let size = size
        var text = "\u{1b}[H"
        for (row, line) in lines.prefix(size.rows).enumerated() {
            if row > 0 { text += "\r\n" }
            text += line.prefix(size.columns) + "\u{1b}[K"
        }
        write(text + "\u{1b}[J")
    }

    /// How long a picture may take to be shown, and how much the kernel takes when it says that there is room.
    private static let patience = Duration.seconds(1)
    private static let piece = 128

    private func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        let deadline = MonotonicInstant.now + Self.patience
        while !rest.isEmpty {
            // A terminal that is not read, such as one that was stopped by ^S, gets the rest with the next picture.
            var poll = Poll()
            let terminal = poll.add(STDOUT_FILENO, .write)
            poll.wait(atMost: max(.zero, deadline - .now))
            guard poll.isReady(terminal) else { return }
            let count = unsafe rest.prefix(Self.piece).withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            // A terminal that is gone needs nothing any more.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
