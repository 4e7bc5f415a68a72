import Linux

/// A worker's siblings as it sees them: what they have to do, and a mailbox for each, by which connections move to where there
/// is room.
///
/// Each slot of the scoreboard has a mailbox, which outlives the workers in the slot. What a worker that dies or leaves has not
/// read is read by the next in its slot, or, if it stays vacant, goes to another worker. A worker knows the mailboxes that
/// were made before it was forked: as many as the configured workers can ever use in a roll.
public struct Siblings: Sendable {
    /// Readable when somebody has sent something: for `MessageReader`. `nil` when the system granted none.
    ///
    /// Read it to the end before the worker leaves, and all the time while it leaves: its last connections may just have been
    /// sent.
    public let mailbox: CInt?
    private let own: WorkerSlot
    private let scoreboard: Scoreboard
    /// The sending ends by slot, -1 where there is none. Open until the process ends.
    private let senders: [CInt]

    /// In a new worker, whose slot it is.
    init(of own: WorkerSlot, on scoreboard: Scoreboard, _ mailboxes: Mailboxes) {
        self.own = own
        self.scoreboard = scoreboard
        mailbox = mailboxes[own.index]?.receiver
        senders = mailboxes.becomeWorker(in: own.index)
    }

    /// Says what this worker has to do, to its siblings and the supervisor. It costs some nanoseconds.
    ///
    /// Say it before ``Worker/becomeReady()``, so that nobody believes that a new worker has no room.
    ///
    /// - Parameters:
    ///   - connections: how many it holds.
    ///   - freeThreads: how many more requests could wait here at the same time, each on a thread of its own.
    ///   - waiting: how many requests have been read and wait for a thread.
    ///   - running: how many have a thread of their own.
    public func publish(connections: Int, freeThreads: Int, waiting: Int, running: Int = 0) {
        own.setConnections(connections)
        own.setFreeThreads(freeThreads)
        own.setWaiting(waiting)
        own.setRunning(running)
    }

    /// What each sibling has to do that is ready and can be sent to. It costs some nanoseconds for each slot in use.
    public func forEach(_ body: (Sibling) -> Void) {
        for index in 0..<min(scoreboard.slotsInUse, senders.count) where senders[index] >= 0 && index != own.index {
            if let sibling = scoreboard.slot(index).sibling { body(sibling) }
        }
    }

    /// About how many messages to the worker in a slot it has not read: exactly, as long as they are short.
    public func underway(to slot: Int) -> Int {
        guard senders.indices.contains(slot), senders[slot] >= 0 else { return 0 }
        return MessageSocket.underway(on: senders[slot])
    }

    /// Sends a message to the worker in a slot, as `MessageSocket.send(_:_:on:)` does.
    /// - Returns: Whether it is on its way. If not, nothing was sent, and what was to be sent is still the caller's.
    public func send(_ message: RawSpan, _ descriptor: CInt? = nil, to slot: Int) -> Bool {
        guard senders.indices.contains(slot), senders[slot] >= 0 else { return false }
        return MessageSocket.send(message, descriptor, on: senders[slot])
    }
}

/// Another worker that is ready, and what it has to do, as it published that last.
public struct Sibling: Hashable, Sendable {
    /// Its slot on the scoreboard: where to send messages.
    public var slot: Int
    /// How many connections it holds.
    public var connections: Int
    /// How many more requests could wait there at the same time. 0 also when it has said nothing yet.
    public var freeThreads: Int
    /// How many requests wait there for a thread.
    public var waiting: Int
}

extension WorkerSlot {
    /// What a sibling sees of the worker here, when it is ready.
    fileprivate var sibling: Sibling? {
        guard phase == .ready else { return nil }
        return Sibling(slot: index, connections: connections, freeThreads: freeThreads ?? 0, waiting: waiting)
    }
}
