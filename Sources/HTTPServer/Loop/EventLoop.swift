import Glibc
import Linux
import Synchronization

/// A running server without its handlers: reads requests off its connections (``next()``), and takes their answers
/// (``complete(_:with:)``). One epoll(7) loop over non-blocking sockets.
///
/// Nobody holds the loop while a handler runs. It is a value that cannot be copied, so that the compiler and not the
/// running program sees to it that nobody changes it while somebody else does, and it is bound to no thread. What is known
/// of a request in a handler's hands is in its ``Turn``: answers may come in any order, also after others have been asked
/// for.
///
/// This file goes from one wake of the loop to the next. Files beside it hold the steps: of a turn, of requests that wait
/// for a thread, of a connection's beginning, end and deadlines, and what siblings pass to each other.
struct EventLoop: ~Copyable {
    let configuration: ServerConfiguration
    let routes: RouteTable
    let observer: (any ServerObserver)?
    let signals: ServerSignals?
    let siblings: (any Siblings)?

    var clock = LoopClock()
    var poller: Poller
    var acceptor: Acceptor
    var connections = ConnectionTable()
    var deadlines: DeadlineLists
    var drain: Drain
    private var heapTrimmer = HeapTrimmer()

    /// What this wake has brought so far.
    var batch = ReadBatch()
    var requests: RequestSource
    var turns = TurnPool()
    /// Who waits for another turn.
    var turnQueue = TurnQueue()
    /// Turns whose requests need an answer.
    var answerable = AnswerableTurns()
    var answeredCount = 0

    // Handlers that take long.
    var room: HandlerRoom
    var speeds: RouteSpeeds
    /// Turns whose requests wait for a thread.
    var waiting = WaitingTurns()
    var queueDelay: QueueDelay
    /// Turns that are answered as a group.
    var writing: WritingTurns
    /// The group to be handed out.
    var group: [Turn] = []
    /// Whose handler has lent the loop.
    var borrower = Borrower()
    private var hasFinishedTurns = false

    // Siblings.
    private var hasMail = false
    var mail = MailReader()
    var isMailboxWatched = true
    var passed = PassedRequests()
    var lastLookAtSiblings: Int64 = 0
    /// Whether siblings take over the connections that this server leaves behind.
    var passesConnectionsOn = false

    // Of the thread that has the loop.
    var requestObserver: (any RequestObserver)?
    /// Further lines of its answers' heads.
    var signature: [UInt8] = []

    private var step = Step.wait

    /// Where in a wake the loop is.
    private enum Step {
        case wait
        /// Receives what connections have sent; goes on where there is no more room with what it has.
        case receive
        /// Answers what has been received, then receives the rest.
        case answer
        /// Answers those that write.
        case answerGroups
        /// Gives each connection that has requests left over another turn.
        case takeTurns
        /// Ends the waits that are over.
        case expire
    }

    /// - Parameters:
    ///   - listener: `nil` lets nobody in.
    ///   - shutdown: See ``Drain/shutdown``.
    ///   - isLast: Whether nobody else serves on the listener when this loop has ended.
    ///   - siblings: Who else serves on the listener.
    ///   - signals: Shared with threads that answer without the loop.
    init(
        configuration: ServerConfiguration,
        dispatcher: Dispatcher,
        observer: (any ServerObserver)?,
        listener: CInt?,
        shutdown: CInt,
        isLast: @escaping () -> Bool,
        siblings: (any Siblings)? = nil,
        signals: ServerSignals? = nil
    ) throws(SystemError) {
        self.configuration = configuration
        self.observer = observer
        self.siblings = siblings
        self.signals = signals
        routes = dispatcher.routes
        requestObserver = observer
        requests = RequestSource(dispatcher, configuration)
        deadlines = DeadlineLists(configuration)
        drain = Drain(configuration, shutdown: shutdown, isLast: isLast)
        room = HandlerRoom(limit: configuration.maxThreads, signals)
        speeds = RouteSpeeds(count: dispatcher.routes.count)
        writing = WritingTurns(routeCount: dispatcher.routes.count)
        queueDelay = QueueDelay(longest: configuration.queueTimeout.nanoseconds)
        let poller = try Poller()
        guard poller.epoll.add(shutdown, .readEdge) else { throw SystemError("epoll_ctl") }
        if let signals {
            guard poller.epoll.add(signals.finished.descriptor, .readEdge) else { throw SystemError("epoll_ctl") }
        }
        if let siblings {
            guard poller.epoll.add(siblings.mailbox, .read) else { throw SystemError("epoll_ctl") }
        }
        acceptor = try Acceptor(listener, observer: observer, watchedBy: poller.epoll)
        self.poller = poller
        publish()
    }

    /// Waits for a request that needs something from outside the loop.
    /// - Returns: The turn whose ``Turn/errand`` it is, to be given to ``complete(_:with:)``; `nil` when the server has drained.
    mutating func next() -> Turn? {
        while true {
            if let turn = nextTurn() { return turn }
            switch step {
            case .wait:
                if drain.isDraining, isDrained() { return nil }
                observer?.wakeEnded()
                poller.wait(until: deadline)
                clock.wake()
                step = .receive
            case .receive:
                receiveNext()
            case .answer:
                answerNext()
            case .answerGroups:
                if let turn = nextGroup() { return turn }
                endBatch()
            case .takeTurns:
                takeNextTurn()
            case .expire:
                expireNext()
            }
        }
    }

    /// Takes the answer to a turn's request, and goes on with the turn: when no other request of it needs an answer, its
    /// answers are sent.
    mutating func complete(_ turn: consuming Turn, with response: Response) {
        speeds.noteQuick(turn.record.routeIndex)
        if turn.hasCommitted {
            turn.hasCommitted = false
            writing.noteCommit(turn.record.routeIndex)
        }
        write(response, in: turn)
        goOn(with: turn)
    }

    /// When something is due.
    private var deadline: Int64 {
        guard turnQueue.isEmpty, !isGroupDue else { return .min }
        var nearest = deadlines.next ?? .max
        if let end = writing.end { nearest = min(nearest, end) }
        if let resumption = acceptor.resumption { nearest = min(nearest, resumption) }
        if let end = drain.nextEnd(isAccepting: !acceptor.isOver) { nearest = min(nearest, end) }
        if let since = waiting.since {
            nearest = min(
                nearest,
                queueDelay.nextLook(waitingSince: since, isAlone: waiting.count == 1),
                nextLookAtSiblings
            )
        }
        return nearest
    }

    private mutating func receiveNext() {
        guard let descriptor = poller.next() else { return beginAnswering() }
        if descriptor == acceptor.listener {
            acceptor.isReady = true
        } else if descriptor == drain.shutdown {
            drain.isDue = true
            beginAnswering()
        } else if descriptor == signals?.finished.descriptor {
            hasFinishedTurns = true
        } else if descriptor == siblings?.mailbox {
            hasMail = true
        } else if let connection = connections[descriptor] {
            serve(connection)
            if batch.isFull { beginAnswering() }
        }
    }

    private mutating func beginAnswering() {
        if batch.count > 1 { requestObserver?.batchBegan() }
        step = .answer
    }

    private mutating func answerNext() {
        if let entry = batch.next() { return begin(entry) }
        step = .answerGroups
    }

    private mutating func endBatch() {
        if batch.count > 1 { requestObserver?.batchEnded() }
        batch.restart()
        // What had arrived before was answered without a word of it.
        if drain.isDue { beginDraining() }
        if poller.hasMore {
            step = .receive
        } else {
            turnQueue.beginRound()
            step = .takeTurns
        }
    }

    private mutating func takeNextTurn() {
        if hasFinishedTurns {
            hasFinishedTurns = false
            return takeFinished()
        }
        if hasMail {
            hasMail = false
            readMail()
        }
        if let connection = turnQueue.next() { return takeTurn(connection) }
        // Last, so that a busy process leaves newcomers to idle siblings for as long as its work takes.
        if acceptor.isReady {
            // Siblings may have sent some just now, who count.
            readMail()
            acceptBatch()
        }
        if acceptor.endPause(now: clock.now) { resumeAccepting() }
        step = .expire
    }

    private mutating func expireNext() {
        if let (descriptor, timer) = deadlines.popExpired(now: clock.now) {
            if let connection = connections[descriptor] { expire(connection, timer) }
        } else {
            lookAtQueue()
            lookAtGroups()
            passed.forgetOld(now: clock.now)
            lookAtSiblings()
            if mail.isShort {
                mail.renewReserve()
                watchMailbox()
            }
            heapTrimmer.update(open: connections.count)
            step = .wait
        }
    }
}
