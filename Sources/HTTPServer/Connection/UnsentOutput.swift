import CLinux
import Glibc

/// What a socket did not take of the answers yet, and how the connection goes on when it has.
final class UnsentOutput {
    private let bytes: [UInt8]
    private var sentCount: Int
    let ending: Turn.Ending
    /// What has been received behind the requests that these are the answers to.
    let pending: PendingInput?
    /// Bytes sent since the rate was last judged.
    var progress = 0

    init(_ rest: OutputBuffer.Remainder, then ending: Turn.Ending, pending: PendingInput?) {
        bytes = rest.bytes
        sentCount = rest.start
        self.ending = ending
        self.pending = pending
    }

    var isSent: Bool { sentCount == bytes.count }

    /// send(2) of what is left.
    func send(to socket: CInt) -> Int {
        let sent = unsafe bytes.withUnsafeBytes { bytes in
            unsafe Glibc.send(socket, bytes.baseAddress! + sentCount, bytes.count - sentCount, CInt(MSG_NOSIGNAL))
        }
        sentCount += max(0, sent)
        progress += max(0, sent)
        return sent
    }
}
