/// What became of a request.
enum Outcome: Sendable {
    case answered(Answer)
    /// Nobody listens.
    case refused
    /// The connection was not established in time: the kernel dropped the handshake.
    case connectTimedOut
    /// The other side had closed the idle connection before the request was sent: not a failure, but a reason to connect.
    case closedBeforeRequest
    /// The request was sent, and the connection was closed without a byte of an answer.
    case closedWithoutAnswer
    case reset(afterBytes: Int)
    /// The answer ended in its middle.
    case torn(String)
    /// The answer breaks HTTP.
    case malformed(String)
    case timedOut(afterBytes: Int)

    var answer: Answer? {
        if case .answered(let answer) = self { answer } else { nil }
    }

    var status: Int? { answer?.status }

    /// Whether nothing of the request can have reached a worker.
    var neverSent: Bool {
        switch self {
        case .refused, .connectTimedOut, .closedBeforeRequest: true
        default: false
        }
    }
}
