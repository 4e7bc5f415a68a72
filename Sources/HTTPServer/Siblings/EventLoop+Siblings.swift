import Linux

/// What servers on one listener tell each other, and the connections that they pass on.
extension EventLoop {
    /// A message's first byte.
    private enum Kind: UInt8 {
        /// The sender has a free thread and nobody who waits.
        case room
        /// A connection that has not been asked for anything, and how often it has been passed on (a byte).
        case newConnection
        /// A connection that waits for the next request, or on which it has just come.
        case idleConnection
        /// A connection with requests that wait: how often they have been passed on (a byte), when they arrived (8 bytes,
        /// nanoseconds of the monotonic clock, the lowest first), and what has been received of them.
        case waitingConnection
    }

    /// So many bytes of requests travel with a connection, at most; one with more waits where it is.
    private static let mostBytes = 64 * 1024
    private static let headSize = 10
    /// A request is passed on so often at once, and then waits where it is until it is looked for a place again.
    private static let mostPasses: UInt8 = 3
    /// While requests wait, siblings are looked at so often (5 ms): one may have got room at the very moment in which
    /// another began to wait, and then neither has heard of the other.
    private static let lookInterval: Int64 = 5_000_000

    // MARK: How busy

    /// Tells the siblings how busy this server is.
    /// - Parameter arriving: Connections that it is about to have: siblings decide at the same time.
    @inline(__always)
    func publish(arriving: Int = 0) {
        siblings?.publish(
            ServerLoad(
                connections: connections.count + arriving,
                freeThreads: connections.count < configuration.maxConnections && !mail.isShort ? room.free : 0,
                waiting: waiting.count,
                running: room.taken
            )
        )
    }

    /// Tells the sibling where most requests wait that there is room here.
    func offerRoom() {
        guard let siblings, waiting.isEmpty, room.free > 0, !drain.isDraining else { return }
        var most: (sibling: Int, waiting: Int) = (-1, 0)
        siblings.forEach { sibling, load in
            if load.waiting > most.waiting { most = (sibling, load.waiting) }
        }
        guard most.waiting > 0 else { return }
        _ = unsafe siblings.send([Kind.room.rawValue].span.bytes, nil, to: most.sibling)
    }

    /// Whether there is a sibling who serves.
    var hasSiblings: Bool { emptiest(hasRoom: false) != nil }

    /// The sibling with the fewest connections, those included that have been sent and it has not read yet.
    /// - Parameters:
    ///   - limit: It has fewer than so many.
    ///   - hasRoom: Whether it must have a free thread.
    private func emptiest(below limit: Int = .max, hasRoom: Bool) -> Int? {
        guard let siblings else { return nil }
        let passed = self.passed
        var best: (sibling: Int?, connections: Int) = (nil, limit)
        siblings.forEach { sibling, load in
            guard load.connections < best.connections,
                !hasRoom || load.freeThreads > passed.count(to: sibling)
            else { return }
            let connections = load.connections + siblings.underway(to: sibling)
            if connections < best.connections { best = (sibling, connections) }
        }
        return best.sibling
    }

    /// When to look again whether a sibling has room for those who wait.
    var nextLookAtSiblings: Int64 { siblings == nil || waiting.isEmpty ? .max : lastLookAtSiblings + Self.lookInterval }

    /// Looks whether a sibling has room for those who wait.
    mutating func lookAtSiblings() {
        guard nextLookAtSiblings <= clock.now else { return }
        lastLookAtSiblings = clock.now
        passOnWaiting()
    }

    // MARK: Passing on

    /// The sibling that is to have the next client: it has fewer connections, or a free thread when there is none here. `nil`
    /// when the client had better stay.
    func placeForClient() -> Int? {
        siblings == nil ? nil : emptiest(below: room.free > 0 ? connections.count : .max, hasRoom: true)
    }

    /// Gives a new connection to a sibling.
    /// - Returns: Whether it has it.
    mutating func send(_ client: borrowing Acceptor.Client, to sibling: Int, passes: UInt8 = 1) -> Bool {
        send([Kind.newConnection.rawValue, passes], client.descriptor.rawValue, to: sibling, isRequest: false)
    }

    /// Gives a connection that has asked for nothing, or of which nothing has been received, to a sibling.
    /// - Returns: Whether it has it.
    mutating func passOn(_ connection: Connection) -> Bool {
        guard siblings != nil, let sibling = emptiest(hasRoom: true) ?? emptiest(hasRoom: false) else { return false }
        let kind: Kind = deadlines.timer(of: connection.socket) == .head ? .newConnection : .idleConnection
        guard send([kind.rawValue], connection.socket, to: sibling, isRequest: false) else { return false }
        forget(connection)
        return true
    }

    /// Whether a turn's connection may go to a sibling, with what has been received of it. Not if it has been answered in
    /// part, or its requests are many bytes; a body that came in chunks is not any more what was received.
    private static func isPassable(_ turn: Turn) -> Bool {
        let record = turn.record
        return turn.errand == .answer && turn.answeredCount == 0 && turn.output.size == 0
            && turn.unread.upperBound - record.origin <= mostBytes && !record.head.isChunked
            && record.bodyReader == nil
    }

    /// Gives the connection of a request that would have to wait to a sibling with a free thread.
    /// - Returns: Whether it has it.
    mutating func passOn(_ turn: Turn) -> Bool {
        // Siblings that pass it to each other know too little of each other; soon they know more.
        guard siblings != nil, turn.passes < Self.mostPasses, Self.isPassable(turn),
            let sibling = emptiest(hasRoom: true)
        else { return false }
        return pass(turn, to: sibling)
    }

    /// Gives requests that wait to siblings that have room.
    mutating func passOnWaiting() {
        var hasPassed = false
        while !waiting.isEmpty, let sibling = emptiest(hasRoom: true),
            let turn = waiting.removeFirst(where: Self.isPassable)
        {
            guard pass(turn, to: sibling) else {
                waiting.insert(turn)
                break
            }
            hasPassed = true
        }
        if hasPassed { publish() }
    }

    private mutating func pass(_ turn: Turn, to sibling: Int) -> Bool {
        let record = turn.record
        let bytes = record.origin..<turn.unread.upperBound
        var message = [Kind.waitingConnection.rawValue, min(turn.passes, .max - 1) + 1]
        message.reserveCapacity(Self.headSize + bytes.count)
        for byte in 0..<8 { message.append(UInt8(truncatingIfNeeded: record.startedAt >> (8 * Int64(byte)))) }
        record.input.withSpan(bytes) { span in
            for index in span.indices { message.append(span[index]) }
        }
        guard send(message, turn.connection.socket, to: sibling, isRequest: true) else { return false }
        let connection = turn.connection
        requests.memory.release(turn)
        turn.request = nil
        turns.putBack(turn, parkedIn: batch)
        forget(connection)
        return true
    }

    private mutating func send(
        _ message: [UInt8],
        _ descriptor: CInt,
        to sibling: Int,
        isRequest: Bool
    ) -> Bool {
        guard let siblings, unsafe siblings.send(message.span.bytes, descriptor, to: sibling) else { return false }
        observer?.connection(.passedOn)
        if isRequest { passed.note(sibling, now: clock.now) }
        return true
    }

    /// The connection lives on elsewhere: here it is closed without a word to the client.
    private mutating func forget(_ connection: Connection) {
        deadlines.disarm(connection.socket)
        connections.remove(connection)
        // Before it is closed: the open file lives on, and would go on being watched.
        if connection.isWatched { poller.epoll.remove(connection.socket) }
        connection.close()
        observer?.connectionsChanged(open: connections.count)
        publish()
        resumeAccepting()
    }

    // MARK: Receiving

    /// Reads what siblings have sent.
    mutating func readMail() {
        guard let siblings else { return }
        while let message = mail.next(in: siblings.mailbox) {
            publish(arriving: 1)
            take(message)
        }
        publish()
        watchMailbox()
        offerRoom()
    }

    /// Hears of mail only while there are descriptors for it.
    mutating func watchMailbox() {
        guard let siblings, mail.isShort == isMailboxWatched else { return }
        if mail.isShort { poller.epoll.remove(siblings.mailbox) } else { poller.epoll.add(siblings.mailbox, .read) }
        isMailboxWatched = !mail.isShort
    }

    private mutating func take(_ mail: consuming Message) {
        let bytes = mail.bytes
        // What a later program sends that this one does not know is a connection all the same.
        let kind = bytes.first.flatMap(Kind.init) ?? .idleConnection
        guard let descriptor = mail.takeDescriptor() else {
            if kind == .room { passOnWaiting() }
            return
        }
        observer?.connection(.received)
        let client = Acceptor.Client(descriptor: descriptor)
        switch kind {
        case .room: break
        case .newConnection: settle(client, passes: bytes.count > 1 ? bytes[1] : 1)
        case .idleConnection: open(client, since: .idle)
        case .waitingConnection: if bytes.count > Self.headSize { open(client, bytes) }
        }
    }

    /// Several may have thought at the same time that this server has the fewest: who comes too late goes on.
    private mutating func settle(_ client: consuming Acceptor.Client, passes: UInt8) {
        // With this client it has one more than ``placeForClient()`` knows of.
        if passes < Self.mostPasses, connections.count > 0, let place = placeForClient(),
            send(client, to: place, passes: passes + 1)
        {
            return
        }
        open(client)
    }

    private mutating func open(_ client: consuming Acceptor.Client, _ message: [UInt8]) {
        guard let connection = open(client, since: .idle) else { return }
        let pending = requests.memory.adopt(Array(message[Self.headSize...]))
        pending.passes = message[1]
        pending.arrivedAt = message[2..<Self.headSize].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        connection.state = .waitingForTurn(pending)
        deadlines.disarm(connection.socket)
        turnQueue.append(connection)
    }
}
