import Linux

/// Handlers that take long: which of them may begin, what becomes of the loop meanwhile, and who has to wait.
extension EventLoop {
    /// What the loop remembers of the handler that it is lent for.
    struct Borrower {
        var socket: CInt = -1
        var route = -1
        var isWriter = false
        /// Whether the handlers of a group run one after the other.
        var isGroup = false
    }

    // MARK: Handing out

    /// The next turn that may be handed out.
    mutating func nextTurn() -> Turn? {
        while !waiting.isEmpty, let turn = nextWaiting() {
            // Those that waited for a thread need no more than one together.
            if !lineUp(turn) { return turn }
        }
        while let turn = answerable.next() {
            if lineUp(turn) { continue }
            let record = turn.record
            if mayBegin(record) { return turn }
            wait(turn)
        }
        return nil
    }

    private mutating func mayBegin(_ record: RequestRecord) -> Bool {
        let route = record.routeIndex
        if record.refusal != nil || routes.isUrgent(route) { return true }
        let isQuick = speeds.isQuick(route) && !routes.isBlocking(route)
        guard room.has(for: record, isQuick: isQuick) else { return false }
        if !isQuick { queueDelay.noteServedAtOnce() }
        return true
    }

    /// Who has waited longest, to be answered or to be told that it was too long.
    private mutating func nextWaiting() -> Turn? {
        if let turn = waiting.removeFirst(in: room) {
            publish()
            if queueDelay.refuses(clock.now - turn.record.arrivedAt, now: clock.now) { requests.refuseWaiting(turn) }
            return turn
        }
        guard let since = waiting.since else { return nil }
        queueDelay.look(now: clock.now)
        guard clock.now - since > queueDelay.limit(isAlone: waiting.count == 1), let turn = waiting.removeFirst() else {
            return nil
        }
        publish()
        queueDelay.note(clock.now - since, now: clock.now)
        requests.refuseWaiting(turn)
        return turn
    }

    /// Looks whether requests wait for too long, though no thread becomes free.
    mutating func lookAtQueue() {
        if !waiting.isEmpty {
            queueDelay.look(now: clock.now)
            if queueDelay.isOverloaded, !requests.isOverloaded { observer?.overloadBegan(waiting: waiting.count) }
            requests.isOverloaded = queueDelay.isOverloaded
        } else if requests.isOverloaded, room.free > 0 {
            requests.isOverloaded = false
        }
    }

    /// Has a request wait for a thread, here or where there is one.
    private mutating func wait(_ turn: consuming Turn) {
        let record = turn.record
        if passOn(turn) { return }
        record.arrivedAt =
            turn.arrivedAt ?? record.startedAt - RequestStart.age(record.value(of: RequestStart.fieldName))
        if waiting.isEmpty {
            queueDelay.noteQueueBegan(now: clock.now)
            lastLookAtSiblings = clock.now
        }
        // One that waited elsewhere before may have come earlier than others here.
        if turn.arrivedAt == nil { waiting.append(turn) } else { waiting.insert(turn) }
        publish()
    }

    // MARK: Lending the loop

    /// Notes whose handler the loop is lent for.
    /// - Returns: Whether the handler will surely not take long, so that nobody need measure for what it waits, and whether it
    ///   probably will.
    @inline(__always)
    mutating func lend(_ turn: Turn) -> (isQuick: Bool, takesLong: Bool) {
        let record = turn.record
        borrower = Borrower(socket: turn.connection.socket, route: record.routeIndex, isWriter: record.mayWrite)
        let route = record.routeIndex
        if record.refusal != nil { return (true, false) }
        if routes.isBlocking(route) { return (false, true) }
        // One that commits leaves its group when it is slow: it has to be known whether it only had no processor.
        return (speeds.isQuick(route) && !writing.commits(route), speeds.isSlow(route))
    }

    /// Whether requests are here that have yet to be answered, or handlers at work whose clients will ask again.
    var hasOthersToServe: Bool { room.taken > 0 || batch.hasMore || poller.hasMore }

    /// The loop was taken while it was lent.
    /// - Parameter wasGivenUp: Whether the handler had said that it will take long.
    mutating func noteLost(wasGivenUp: Bool) {
        if borrower.isGroup {
            writing.noteAway()
        } else if case .inTurn(let turn)? = connections[borrower.socket]?.state {
            turn.isAway = true
            turn.isWriter = borrower.isWriter
            turn.route = borrower.route
        }
        room.take(isWriter: borrower.isWriter)
        // One that writes may only have waited for the disk, which it says when it is back.
        if !wasGivenUp, !writing.commits(borrower.route) { speeds.noteSlow(borrower.route) }
        clock.look()
        publish()
        observer?.handlersChanged(running: room.taken, latest: borrower.route < 0 ? nil : borrower.route)
    }

    /// Takes back the turns that were answered without the loop.
    mutating func takeFinished() {
        guard let signals else { return }
        for turn in signals.finished.takeAll() { takeBack(turn) }
        publish()
        observer?.handlersChanged(running: room.taken, latest: nil)
        offerRoom()
    }

    private mutating func takeBack(_ turn: consuming Turn) {
        turn.isAway = false
        // The thread of a group is one.
        if turn.groupPlace != .member { room.giveBack(isWriter: turn.isWriter) }
        if turn.groupPlace != .none, !takeBackFromGroup(turn) { return }
        if turn.hasCommitted {
            turn.hasCommitted = false
            writing.noteCommit(turn.route)
        }
        queueDelay.noteHandler(took: turn.handlerTime)
        let time = turn.handlerTime - turn.handlerDelay
        if time >= Self.longTime { speeds.noteSlow(turn.route) } else { speeds.noteQuick(turn.route) }
        let connection = turn.connection
        guard !connection.isAbandoned else { return }
        watch(connection)
        if turn.errand == .admission { return goOn(afterAdmissionOf: turn) }
        goOn(afterSending: turn)
    }

    /// Goes on with a turn whose answer has been sent.
    mutating func goOn(afterSending turn: consuming Turn) {
        clock.look()
        noteAnswered()
        guard turn.sending == .done else { return end(turn, after: turn.sending) }
        goOn(with: turn)
    }

    /// A handler that took longer than this is worth a thread: 1 ms.
    private static let longTime: Int64 = 1_000_000

    // MARK: Watching

    /// Stops hearing of a connection whose handler takes long.
    mutating func unwatch(_ connection: Connection) {
        guard connection.isWatched else { return }
        connection.isWatched = false
        poller.epoll.remove(connection.socket)
    }

    mutating func watch(_ connection: Connection) {
        guard !connection.isWatched else { return }
        connection.isWatched = true
        if !poller.epoll.add(connection.socket, .read) { close(connection) }
    }
}
