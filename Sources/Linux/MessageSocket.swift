import CLinux
import Glibc

/// A pair of sockets that carry messages in one direction: what is sent arrives whole, in order and once, and a message can
/// take a descriptor along (unix(7), SOCK_SEQPACKET and SCM_RIGHTS).
///
/// Any number of processes may hold the sending end and any number the receiving one; each message goes to one of them. What
/// nobody has received waits as long as somebody holds the receiving end.
public struct MessageSocketPair: ~Copyable, Sendable {
    /// Where messages are sent. Non-blocking and closed on exec, as the other.
    public let sender: FileDescriptor
    /// Where they are received.
    public let receiver: FileDescriptor

    /// A new pair (socketpair(2)), with room for as many messages as the system grants (socket(7), net.core.wmem_max).
    public init() throws(SystemError) {
        var sockets: [CInt] = [-1, -1]
        guard unsafe clinux_message_sockets(&sockets) == 0 else { throw SystemError("socketpair") }
        sender = FileDescriptor(owning: sockets[0])
        receiver = FileDescriptor(owning: sockets[1])
        // The kernel takes it for the most that it grants.
        try? sender.setOption(SO_SNDBUF, to: .max / 2)
    }

    /// Gives both ends away: who gets the numbers closes them.
    public consuming func release() -> (sender: CInt, receiver: CInt) { (sender.release(), receiver.release()) }
}

/// Sending on a ``MessageSocketPair``. ``MessageReader`` receives.
public enum MessageSocket {
    /// The longest message in bytes. Less than what the smallest usual send buffer holds (net.core.wmem_default, 208 KiB).
    public static let longestMessage = 96 << 10

    /// Whether a receiving end has something to be received (FIONREAD).
    public static func hasMessage(on socket: CInt) -> Bool {
        var bytes: CInt = 0
        return unsafe ioctl(socket, UInt(FIONREAD), &bytes) == 0 && bytes > 0
    }

    /// How many messages that were sent on a socket, by whomever, nobody has received, if they are short: what the kernel has
    /// in memory for them (SIOCOUTQ, unix(7)) by what one takes.
    public static func underway(on socket: CInt) -> Int {
        var bytes: CInt = 0
        guard unsafe ioctl(socket, UInt(TIOCOUTQ), &bytes) == 0 else { return 0 }
        return Int(bytes) / shortMessage
    }

    /// What a message of a few bytes takes of the kernel's memory, found by sending one.
    private static let shortMessage: Int = {
        guard let pair = try? MessageSocketPair() else { return 768 }
        let sent = unsafe send([0].span.bytes, on: pair.sender.rawValue)
        var bytes: CInt = 0
        guard sent, unsafe ioctl(pair.sender.rawValue, UInt(TIOCOUTQ), &bytes) == 0, bytes > 0 else { return 768 }
        return Int(bytes)
    }()

    /// Sends a message. It takes a few microseconds and never waits.
    ///
    /// - Parameters:
    ///   - message: at least one byte, at most ``longestMessage``.
    ///   - descriptor: goes along: the receiver gets one of its own for the same open file. The sender keeps this one, and
    ///     closes it when it wants to be rid of it.
    ///   - socket: the sending end.
    /// - Returns: Whether the message is on its way. If not, nothing was sent, and `errno` says why: `EAGAIN` when there is no
    ///   room, `ETOOMANYREFS` when this user has more descriptors under way than a process may open, `EPIPE` and
    ///   `ECONNREFUSED` when nobody can receive, `EMSGSIZE` for a message that is too long or empty.
    public static func send(_ message: RawSpan, _ descriptor: CInt? = nil, on socket: CInt) -> Bool {
        guard 1...longestMessage ~= message.byteCount else {
            errno = EMSGSIZE
            return false
        }
        return unsafe message.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            var sent: Int
            repeat {
                sent = unsafe clinux_send_message(socket, start, bytes.count, descriptor ?? -1)
            } while sent < 0 && errno == EINTR
            return sent >= 0
        }
    }
}
