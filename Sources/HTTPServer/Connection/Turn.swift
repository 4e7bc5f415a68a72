import Glibc
import HTTPTypes
import Linux

/// A connection's turn: the requests in the bytes that are there, one after the other, and their answers, which leave
/// together.
///
/// ``EventLoop/next()`` hands it out when it has a request that needs an answer, ``EventLoop/complete(_:with:)`` takes it
/// back with the answer. All that is known of a request in a handler's hands is here and not in the loop: many turns may
/// be out at the same time, and come back in any order. One thread at a time has a turn, hence `@unchecked Sendable`.
final class Turn: @unchecked Sendable {
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
    /// What is to be done outside the loop.
    var errand = Errand.answer
    /// Answered, not yet reported: the last one, which knows the one before.
    private var lastAnswered: RequestRecord?
    /// Requests answered in this turn.
    var answeredCount = 0

    /// The answers that have not been sent.
    let output = OutputBuffer(capacity: Turn.usualOutputSize)
    /// What the socket did not take of them.
    var rest: OutputBuffer.Remainder?
    /// What came of the last sending.
    private(set) var sending = Sending.done
    var ending = Ending.keepAlive

    /// Answers of one turn usually fit; the memory of larger ones is given back.
    static let usualOutputSize = 64 * 1024

    /// Whether its handler has committed something to a store that can commit for many at once.
    var hasCommitted = false
    /// See ``WritingTurns``.
    var groupPlace = GroupPlace.none

    // While a thread without the loop has it.
    /// Whether that is so. Only the loop asks.
    var isAway = false
    /// Whether its request may write.
    var isWriter = false
    /// The route of its request.
    var route = -1
    /// How long the handler took, in nanoseconds.
    private(set) var handlerTime: Int64 = 0
    /// The part of it that says nothing of the handler: others had the store's write lock or the processor, the disk took its
    /// time, or the thread was new.
    private(set) var handlerDelay: Int64 = 0
    /// When it began; later than the request's start when that had to wait for a thread.
    var handlerStartedAt: Int64 = 0

    /// When the first of the bytes arrived, if that was at another server, which passed them on. In nanoseconds of the
    /// monotonic clock.
    var arrivedAt: Int64?
    /// How often they have been passed on.
    var passes: UInt8 = 0

    /// What a turn is handed out for.
    enum Errand {
        /// ``request`` is to be answered.
        case answer
        /// Somebody is to say whether the body of ``begun`` may be read.
        case admission
        /// ``request`` is to be answered, and those of others with it: ``EventLoop/lendForGroup()``.
        case group
    }

    /// What a turn is in a group.
    enum GroupPlace {
        /// It is in none.
        case none
        case member
        /// The one that comes back when the group's thread is done.
        case last
    }

    /// What came of sending.
    enum Sending {
        case done
        /// The socket has not taken all: ``Turn/rest``.
        case blocked
        case failed
    }

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

    /// The request that the errand is about.
    var record: RequestRecord {
        guard let record = request ?? begun?.record else { preconditionFailure("the turn has no request") }
        return record
    }

    /// The request that has its answer now.
    private func takeRequest() -> RequestRecord {
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

    // MARK: Answering

    /// Writes the answer to the request behind the answers to those before it.
    /// - Parameters:
    ///   - date: The `Date` field line.
    ///   - signature: Further lines of the head.
    ///   - isLast: Whether the connection is to end, and the client has no reason to expect that: its next request may be on
    ///     its way.
    /// - Returns: The request's record, for the end of its time to be written down.
    func write(_ response: Response, date: [UInt8], signature: [UInt8], isLast: Bool) -> RequestRecord {
        let record = takeRequest()
        if let reader = record.bodyReader {
            record.bytesIn += reader.received
            // What was not read of the body must not be taken for another request.
            if !reader.isFinished, ending == .keepAlive { ending = .linger }
        }
        if ending == .keepAlive {
            if !record.head.keepsAlive {
                ending = hasUnread ? .linger : .close
                skipUnread()
            } else if isLast, !hasUnread {
                ending = .linger
            }
        } else {
            skipUnread()
        }
        let continuation: OutputBuffer.Continuation =
            ending != .keepAlive ? .close : record.head.version == .http1_0 ? .explicitKeepAlive : .keepAlive
        let start = output.size
        record.bodyBytesOut = output.append(response, to: record, date: date, signature: signature, then: continuation)
        record.status = UInt16(response.status.code)
        record.bytesOut = output.size - start
        if let lastAnswered { record.answeredBefore = lastAnswered }
        lastAnswered = record
        answeredCount += 1
        return record
    }

    /// The handler has done its work.
    /// - Parameters:
    ///   - storeWait: How much of it was a wait for a store's write lock or disk.
    ///   - isFirst: Whether it is the first of its thread: then it has made what the thread keeps, such as a connection to the store.
    func noteHandlerTime(storeWait: Int64 = 0, isFirst: Bool = false) {
        if let record = request, record.cpuTime >= 0 {
            // Not until now: to measure takes system calls, and in those a thread is likely to lose its processor.
            handlerTime = record.handlerTime
            handlerDelay = storeWait + record.runQueueTime
        } else {
            handlerTime = MonotonicInstant.now.nanoseconds - handlerStartedAt
            handlerDelay = storeWait
        }
        if isFirst { handlerDelay = handlerTime }
    }

    /// The answer has been written piece by piece, by the handler.
    func noteStreamTime() {
        handlerTime = MonotonicInstant.now.nanoseconds - handlerStartedAt
        handlerDelay = 0
    }

    /// Sends the answers, as far as the socket takes them.
    @discardableResult
    func send() -> Sending {
        let sent = output.send(to: connection.socket)
        if sent == output.size {
            sending = .done
        } else if sent >= 0 || errno == EAGAIN || errno == EINTR {
            rest = output.remainder(after: max(0, sent))
            sending = .blocked
        } else {
            sending = .failed
        }
        output.removeAll(shrinkingTo: Self.usualOutputSize)
        return sending
    }

    /// Sends the answers, however long the client takes.
    func send(on socket: BlockingSocket) throws(StreamError) {
        let sent = output.send(to: connection.socket)
        defer { output.removeAll(shrinkingTo: Self.usualOutputSize) }
        if sent < 0, errno != EAGAIN, errno != EINTR { throw .clientGone }
        let rest = output.remainder(after: max(0, sent))
        try socket.send(rest.bytes.span.extracting(rest.start...))
    }

    /// The connection ends here and now: its client must see that the answer is not whole.
    func cut() { sending = .failed }

    /// What was answered has been sent.
    func noteSent() { sending = .done }

    /// Tells an observer of the answers that it has not been told of.
    func report(to observer: (any RequestObserver)?) {
        var record = lastAnswered
        // Linked from the last to the first, and seldom more than one.
        var unreported: [RequestRecord] = []
        while let answered = record, !answered.isReported {
            unreported.append(answered)
            record = answered.answeredBefore
        }
        for answered in unreported.reversed() {
            answered.isReported = true
            observer?.requestEnded(Exchange(record: answered))
        }
    }
}
