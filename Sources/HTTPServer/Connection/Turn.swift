/// A connection's turn: the requests in the bytes that are there, one after the other, and their answers, which leave
/// together.
///
/// ``EventLoop/next()`` hands it out when it has a request that needs an answer, ``EventLoop/complete(_:with:)`` takes it
/// back with the answer. All that is known of a request in a handler's hands is here and not in the loop: many turns may
/// be out at the same time, and come back in any order.
final class Turn {
    var connection: Connection
    /// Where the bytes are.
    var block: InputBlock
    /// Those that have not been answered.
    var unread: Range<Int>
    /// The memory that the connection has of its own.
    var pending: PendingInput?

    /// The request that is being read.
    var begun: BegunRequest?
    /// The request that is to be answered.
    var request: RequestRecord?
    /// Answered, not yet reported: the last one, which knows the one before.
    private var lastAnswered: RequestRecord?
    /// Requests answered in this turn.
    var answeredCount = 0

    /// The answers that have not been sent.
    let output = OutputBuffer(capacity: Turn.usualOutputSize)
    /// What the socket did not take of them.
    var rest: OutputBuffer.Remainder?
    var ending = Ending.keepAlive

    /// Answers of one turn usually fit; the memory of larger ones is given back.
    static let usualOutputSize = 64 * 1024

    /// What becomes of the connection.
    enum Ending {
        /// It waits for the next request.
        case keepAlive
        /// It is closed: the client knew that it would be, and has sent nothing more.
        case close
        /// It is closed when the client has seen the end: it may still be sending.
        case linger
    }

    /// The id of the request that is to be answered.
    var requestID: String { request?.withID { span in String(copying: span) } ?? "" }

    var hasUnread: Bool { !unread.isEmpty }

    /// The request has an answer.
    func noteAnswered(_ record: consuming RequestRecord) {
        if let lastAnswered { record.answeredBefore = lastAnswered }
        lastAnswered = record
        answeredCount += 1
    }

    /// The request that has its answer now.
    func takeRequest() -> RequestRecord {
        guard let record = request.take() else { preconditionFailure("the turn has no request to be answered") }
        return record
    }

    /// The requests that have been answered since they were last asked for, in their order.
    func takeAnswered() -> AnsweredRequests {
        AnsweredRequests(lastAnswered.take())
    }

    /// Reads nothing more.
    func skipUnread() { unread = unread.upperBound..<unread.upperBound }

    init(_ connection: Connection, _ unread: Range<Int>, in block: InputBlock) {
        self.connection = connection
        self.unread = unread
        self.block = block
    }
}
