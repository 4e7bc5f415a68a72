import CLinux
import Glibc
import Linux

/// A connection's socket for a thread that may wait for the client: calls that wait, on a descriptor that does not.
struct BlockingSocket {
    private let socket: CInt
    /// How often it is judged whether the client is too slow, and what it must move in that time.
    private let timeout: Duration
    private let leastProgress: Int

    /// - Parameters:
    ///   - timeout: How often to judge, see ``ServerConfiguration/writeTimeout``.
    ///   - rate: Bytes a second, see ``ServerConfiguration/minimumRate``.
    init(_ socket: CInt, timeout: Duration, rate: Int) {
        self.socket = socket
        self.timeout = timeout
        leastProgress = max(1, Int(Double(rate) * Double(timeout.nanoseconds) / 1e9))
    }

    /// send(2) of all bytes, as fast as the client takes them.
    func send(_ bytes: Span<UInt8>) throws(StreamError) {
        var sent = 0
        var judged = (at: MonotonicInstant.now, sent: 0)
        while sent < bytes.count {
            let rest = bytes.extracting(sent...)
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                try wait(.write, since: &judged, moved: sent)
            } else if errno != EINTR {
                throw .clientGone
            }
        }
    }

    /// recv(2) of at least one byte, when the client has sent something.
    /// - Returns: How many.
    func receive(into block: InputBlock, atMost limit: Int) throws(StreamError) -> Int {
        let judged = MonotonicInstant.now
        while true {
            let count = block.receive(from: socket, at: 0, atMost: limit)
            if count > 0 { return count }
            guard count < 0, errno == EAGAIN || errno == EINTR else { throw .clientGone }
            let now = MonotonicInstant.now
            guard now < judged + timeout else { throw .clientTooSlow }
            var poll = Poll()
            poll.add(socket, .read)
            poll.wait(atMost: judged + timeout - now)
        }
    }

    /// Waits until the client can go on.
    private func wait(
        _ interest: Poll.Interest,
        since judged: inout (at: MonotonicInstant, sent: Int),
        moved: Int
    ) throws(StreamError) {
        let end = judged.at + timeout
        let now = MonotonicInstant.now
        if now >= end {
            guard moved - judged.sent >= leastProgress else { throw .clientTooSlow }
            judged = (now, moved)
        }
        var poll = Poll()
        poll.add(socket, interest)
        poll.wait(atMost: max(.zero, judged.at + timeout - now))
    }
}
