import CLinux
import Glibc

/// One client's connection. While it is idle this object, its descriptor's place in two tables, and the kernel's socket
/// are all there is of it.
final class Connection {
    let socket: CInt
    let peer: PeerAddress

    /// The bytes of requests that are not complete, or not yet answered; `nil` when there are none.
    var input: InputBlock?
    /// Where in `input` they are.
    var bytes = 0..<0
    /// As what `input` is accounted for.
    var accounted = Part.head
    /// The request whose first bytes are there.
    var record: RequestRecord?
    var reader = RequestReader()

    /// What the socket did not take yet.
    var output: [UInt8] = []
    var outputSent = 0

    /// Whether the last answer said that nothing follows it.
    var isClosing = false
    /// Whether the client may still be sending when we close.
    var lingers = false
    /// Requests answered or refused.
    var answeredCount = 0
    /// Whether it is in the list of those that have requests left over for the next turn.
    var isWaitingForTurn = false
    /// Bytes received or sent since the rate was last judged, or dropped while lingering.
    var progress = 0

    init(socket: CInt, peer: PeerAddress) {
        self.socket = socket
        self.peer = peer
    }

    /// A part of a request.
    enum Part {
        case head
        case body
    }

    /// What the bytes in `input` are the beginning of.
    var held: Part { record != nil && reader.isInBody ? .body : .head }

    var hasUnsentOutput: Bool { !output.isEmpty }

    /// send(2) of what is left. Forgets it when all is sent.
    func sendOutput() -> Int {
        let sent = unsafe output.withUnsafeBytes { bytes in
            unsafe Glibc.send(socket, bytes.baseAddress! + outputSent, bytes.count - outputSent, CInt(MSG_NOSIGNAL))
        }
        outputSent += max(0, sent)
        if outputSent == output.count {
            output = []
            outputSent = 0
        }
        return sent
    }
}
