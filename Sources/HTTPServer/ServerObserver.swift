public import Linux

/// Sees the requests of one thread of a ``Server``. All calls come on that thread.
public protocol RequestObserver: AnyObject {
    /// The handler is about to run or, where no route matches, the middleware of the whole service; or somebody is about to
    /// decide whether the body of the request may be read. Nothing has been allocated for this call;
    /// ``Request/withMethodAndTarget(_:)`` and ``Request/withID(_:)`` do not allocate either.
    /// - Returns: what to measure about this request beyond the time it takes.
    func requestBegan(_ request: Request) -> Measurements

    /// It is decided whether the body may be read: the thread is done with the request for now. It may come to another thread
    /// next.
    func requestPaused()

    /// The answer is written piece by piece, and the client has taken some: the request has more time, until this moment in
    /// nanoseconds of `CLOCK_MONOTONIC`.
    func requestContinued(until deadline: Int64)

    /// The answer is written and about to be given to the kernel (one that is written piece by piece: has been). No client has an
    /// answer that this was not called for. It may come while the thread is in another request.
    func requestAnswered(_ exchange: Exchange)

    /// The answer has been given to the kernel (of an answer larger than the socket takes: its first part). Also called
    /// for requests that never reached a handler.
    func requestEnded(_ exchange: Exchange)

    /// Several connections have sent something, all of which has been received: what this thread answers from here to
    /// ``batchEnded()`` may be answered from one state of the world, that of now. No client can know anything newer that
    /// it would then miss in its answer.
    func batchBegan()

    /// What had been received is answered, or another thread goes on with it. May come without ``batchBegan()``.
    func batchEnded()

    /// The handler that runs is about to wait for something from elsewhere (`blocking`, in `Linux`): what the thread keeps for a
    /// batch, such as a snapshot, it would keep for as long.
    func handlerWaits()

    /// Whether the handler that has just answered has committed something to a store that could have committed it together
    /// with what others write. Requests of such a route that arrive together become a group, when they are answered quickly.
    func takeHasCommitted() -> Bool

    /// From here to ``endGroup()`` the thread answers requests one after the other whose writes are to be committed together.
    /// No answer leaves before.
    func groupBegan()

    /// Commits what the handlers of a group have written.
    /// - Throws: What is answered to all of them when none of it was kept.
    func endGroup() throws

    /// Whether the group can be ended while a handler is at work: not in the middle of a transaction.
    var mayEndGroup: Bool { get }

    /// Whether nobody has written in the group so far: then its answers need no commit.
    var isGroupEmpty: Bool { get }
}

/// Watches a ``Server``: logs, metrics, a black box. It sees the requests of all threads that have no observer of their own
/// (``requestObserver(forThread:)``), and what concerns all of them: those calls come one at a time, from whatever thread.
public protocol ServerObserver: RequestObserver {
    /// The observer of a thread that is about to serve. The number is its own for as long as it lives, from 0 to
    /// less than ``ServerConfiguration/threadCount``; one that comes later may have it again.
    func requestObserver(forThread number: Int) -> any RequestObserver

    /// The server is about to wait for whatever comes next.
    func wakeEnded()

    /// So many handlers run now that take long, each on a thread of its own.
    /// - Parameters:
    ///   - running: How many.
    ///   - route: That of the one that has just turned out to take long; `nil` when one has ended.
    func handlersChanged(running: Int, latest route: Int?)

    /// More requests come than can be answered in time: from now on some are refused. May be called often.
    /// - Parameter waiting: How many wait for a thread.
    func overloadBegan(waiting: Int)

    /// ``ServerConfiguration/maxRequests`` have been answered. Called once; the server serves on until it is told to
    /// drain.
    func requestLimitReached()

    /// Bytes of a request came when the end of the connection was on its way already: it is not answered, and its sender
    /// cannot know whether it was read. HTTP/1.1 has no way to rule this out.
    func requestMissed()

    /// The kernel did not let the server watch its listener (epoll_ctl(2): no memory, or too many watches of this user). It
    /// accepts nobody until it has tried again, a tenth of a second later.
    func listenerNotWatched(because error: SystemError)

    /// A connection came, or went to or came from a sibling.
    func connection(_ event: ConnectionEvent)

    /// The number of open connections changed.
    func connectionsChanged(open: Int)
}

extension RequestObserver {
    /// Measures nothing.
    public func requestBegan(_ request: Request) -> Measurements { [] }
    /// Does nothing.
    public func requestPaused() {}
    /// Does nothing.
    public func requestContinued(until deadline: Int64) {}
    /// Does nothing.
    public func requestAnswered(_ exchange: Exchange) {}
    /// Does nothing.
    public func requestEnded(_ exchange: Exchange) {}
    /// Does nothing.
    public func batchBegan() {}
    /// Does nothing.
    public func batchEnded() {}
    /// Does nothing.
    public func handlerWaits() {}
    /// No: then there are no groups.
    public func takeHasCommitted() -> Bool { false }
    /// Does nothing.
    public func groupBegan() {}
    /// Does nothing.
    public func endGroup() {}
    /// Yes.
    public var mayEndGroup: Bool { true }
    /// No.
    public var isGroupEmpty: Bool { false }
}

extension ServerObserver {
    /// Itself: then it sees several threads at the same time.
    public func requestObserver(forThread number: Int) -> any RequestObserver { self }
    /// Does nothing.
    public func wakeEnded() {}
    /// Does nothing.
    public func handlersChanged(running: Int, latest route: Int?) {}
    /// Does nothing.
    public func overloadBegan(waiting: Int) {}
    /// Does nothing.
    public func requestLimitReached() {}
    /// Does nothing.
    public func requestMissed() {}
    /// Does nothing.
    public func listenerNotWatched(because error: SystemError) {}
    /// Does nothing.
    public func connection(_ event: ConnectionEvent) {}
    /// Does nothing.
    public func connectionsChanged(open: Int) {}
}

/// What an observer wants measured about a request, beyond what costs nothing.
public struct Measurements: OptionSet, Sendable {
    /// The set as bits.
    public let rawValue: UInt8

    /// A set from its bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The processor time of the handler. Of one that is over within 0.1 ms, the time it took: to ask the kernel would
    /// cost a good part of that.
    public static let cpuTime = Measurements(rawValue: 1)
}
