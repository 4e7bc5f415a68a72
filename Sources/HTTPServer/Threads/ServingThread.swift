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
    /// The loan of the loop while it runs a handler; 0 when it has given it up.
    private var loan: UInt64 = 0
    /// How long the handler has waited for a store's write lock, and since when it does, in nanoseconds.
    private(set) var lockWait: Int64 = 0
    private var lockWaitBegan: Int64 = 0

    init(index: Int, of threads: ServingThreads) {
        self.index = index
        self.threads = threads
        observer = threads.observer?.requestObserver(forThread: index)
        answerer = RequestAnswerer(threads.dispatcher, observer: observer)
        signature = threads.configuration.signature.map { Array($0(index).utf8) } ?? []
        super.init()
    }

    /// Called by the thread itself, before it serves.
    func begin() { status = ThreadStatus() }

    // MARK: In a handler

    /// Runs a handler while the loop is lent.
    @inline(__always)
    func run<Result>(during loan: UInt64, _ handler: () -> Result) -> Result {
        self.loan = loan
        lockWait = 0
        defer { self.loan = 0 }
        return handler()
    }

    override var holdsOthersUp: Bool { loan != 0 }

    override func willBlock(for reason: BlockingReason) {
        if reason == .writeLock {
            threads.signals.writeLockWaits.add(1, ordering: .relaxed)
            lockWaitBegan = MonotonicInstant.now.nanoseconds
        }
        guard loan != 0 else { return }
        threads.giveUp(loan)
        loan = 0
    }

    override func didBlock(for reason: BlockingReason) {
        guard reason == .writeLock else { return }
        threads.signals.writeLockWaits.subtract(1, ordering: .relaxed)
        lockWait += MonotonicInstant.now.nanoseconds - lockWaitBegan
    }

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
        record.endedAt = now
        turn.noteHandlerTime()
        observer?.batchEnded()
        turn.report(to: observer)
    }

    /// Sends the answer to a turn's request, when another thread has the loop.
    func finish(_ turn: Turn, with response: Response) {
        let now = MonotonicInstant.now.nanoseconds
        date.update(now: now)
        let isLast = threads.signals.closesConnections.load(ordering: .relaxed)
        let record = turn.write(response, date: date.line, signature: signature, isLast: isLast)
        record.endedAt = now
        turn.noteHandlerTime(lockWait: lockWait)
        turn.send()
        observer?.batchEnded()
        turn.report(to: observer)
    }
}
