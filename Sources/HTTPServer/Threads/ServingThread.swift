import Linux
import Synchronization

/// What a thread that serves has for itself.
final class ServingThread: BlockingObserver, @unchecked Sendable {
    /// Its number among the threads of the server, from 0 on.
    let index: Int
    /// Ends its wait when it is wanted.
    let call = Semaphore()
    let observer: (any RequestObserver)?
    var answerer: RequestAnswerer
    /// What its answers say of it, if they say anything.
    let signature: [UInt8]
    /// For others to see what it is doing; `nil` until it serves.
    private(set) var status: ThreadStatus?
    private var date = DateHeader()
    private unowned let threads: ServingThreads
    /// What it answers as a group.
    var group: Group?
    /// The loan of the loop while it runs a handler; 0 when it has given it up.
    private var loan: UInt64 = 0
    /// Whether others wait, or are waited for, while it runs a handler.
    private(set) var keepsOthers = false
    /// How long the handler has waited for a store to write, and since when it does, in nanoseconds.
    var storeWait: Int64 = 0
    private var storeWaitBegan: Int64 = 0
    /// Whether it has noted no handler's time so far.
    private var isNew = true

    /// Whoever waits longer than this gives the loop away: 1 ms.
    private static let longFlush: Int64 = 1_000_000

    init(index: Int, of threads: ServingThreads) {
        self.index = index
        self.threads = threads
        observer = threads.observer?.requestObserver(forThread: index)
        answerer = RequestAnswerer(threads.dispatcher, observer: observer)
        signature = threads.configuration.signature.map { Array($0(index).utf8) } ?? []
        super.init()
    }

    var dispatcher: Dispatcher { threads.dispatcher }
    var finished: FinishedTurns { threads.signals.finished }

    /// Called by the thread itself, before it serves.
    func begin() { status = ThreadStatus() }

    // MARK: In a handler

    /// Runs a handler while the loop is lent.
    @inline(__always)
    func run<Result>(during loan: UInt64, keepingOthers: Bool = true, _ handler: () -> Result) -> Result {
        self.loan = loan
        keepsOthers = keepingOthers
        storeWait = 0
        defer { self.loan = 0 }
        return handler()
    }

    /// The answer to a turn's request.
    @inline(__always)
    func answer(_ turn: Turn) -> Response {
        guard turn.record.mayWrite else { return answerer.answer(turn) }
        // What somebody else has committed on this thread is not this one's.
        _ = observer?.takeHasCommitted()
        let response = answerer.answer(turn)
        noteCommit(of: turn, response)
        return response
    }

    private func noteCommit(of turn: Turn, _ response: Response) {
        // One that is written piece by piece is not held back for others.
        turn.hasCommitted = false
        if case .stream = response.body { return }
        turn.hasCommitted = observer?.takeHasCommitted() ?? false
    }

    override var holdsOthersUp: Bool { loan != 0 }
    override var keepsOthersWaiting: Bool { keepsOthers }

    override func willBlock(for reason: BlockingReason) {
        if reason != .anything { storeWaitBegan = MonotonicInstant.now.nanoseconds }
        switch reason {
        case .anything: break
        case .writeLock: threads.signals.writeLockWaits.add(1, ordering: .relaxed)
        case .flush:
            threads.signals.flushes.add(1, ordering: .relaxed)
            if threads.signals.flushTime.load(ordering: .relaxed) < Self.longFlush { return }
        }
        if loan != 0 {
            threads.giveUp(loan)
            loan = 0
        }
        if group != nil { leaveGroup(for: reason) }
        if reason == .anything { observer?.handlerWaits() }
    }

    override func didBlock(for reason: BlockingReason) {
        guard reason != .anything else { return }
        let time = MonotonicInstant.now.nanoseconds - storeWaitBegan
        storeWait += time
        switch reason {
        case .anything: break
        case .writeLock: threads.signals.writeLockWaits.subtract(1, ordering: .relaxed)
        case .flush:
            threads.signals.flushes.subtract(1, ordering: .relaxed)
            threads.signals.noteFlush(time)
        }
    }

    override func didWaitShortly(_ time: Int64) { storeWait += time }

    // MARK: Without the loop

    /// Sends an answer whose body is written piece by piece, when nobody needs this thread for anything else.
    func stream(_ write: (BodyWriter) throws -> Void, as response: Response, of turn: Turn) {
        var now = MonotonicInstant.now.nanoseconds
        date.update(now: now)
        let configuration = threads.configuration
        let socket = BlockingSocket(
            turn.connection.socket,
            timeout: configuration.writeTimeout,
            rate: configuration.minimumRate
        )
        let isChunked = turn.record.head.version == .http1_1
        if !isChunked { turn.ending = .close }
        let isLast = threads.signals.closesConnections.load(ordering: .relaxed)
        let record = turn.write(response, date: date.line, signature: signature, isLast: isLast)
        let timeout = record.deadline - record.startedAt
        let observer = observer
        let body = BodyWriter(socket, isChunked: isChunked, threads.signals) {
            record.deadline = MonotonicInstant.now.nanoseconds + timeout
            observer?.requestContinued(until: record.deadline)
        }
        do {
            try turn.send(on: socket)
            do {
                try write(body)
            } catch StreamError.serverStopping {
                // An orderly end.
                turn.ending = .close
            }
            try body.finish()
            turn.noteSent()
        } catch {
            record.error = error
            record.isCut = true
            turn.cut()
        }
        now = MonotonicInstant.now.nanoseconds
        record.bytesOut += body.sentCount
        record.bodyBytesOut = body.sentCount
        record.endedAt = now
        observer?.requestAnswered(Exchange(record: record))
        turn.noteStreamTime()
        observer?.batchEnded()
        turn.report(to: observer)
    }

    /// Sends the answer to a turn's request, when another thread has the loop.
    func finish(_ turn: Turn, with response: Response) {
        noteHandlerTime(of: turn)
        send(response, to: turn)
        observer?.batchEnded()
        turn.report(to: observer)
    }

    /// The handler of a turn's request has done its work, here and without the loop, or as one of a group.
    func noteHandlerTime(of turn: Turn) {
        turn.noteHandlerTime(storeWait: storeWait, isFirst: isNew)
        isNew = false
    }

    /// Sends an answer that has not been reported.
    func send(_ response: Response, to turn: Turn) {
        let now = MonotonicInstant.now.nanoseconds
        date.update(now: now)
        let isLast = threads.signals.closesConnections.load(ordering: .relaxed)
        let record = turn.write(response, date: date.line, signature: signature, isLast: isLast)
        record.endedAt = now
        observer?.requestAnswered(Exchange(record: record))
        turn.send()
    }
}
