import Linux

/// Handlers that take long: which of them may begin, what becomes of the loop meanwhile, and who has to wait.
extension EventLoop {
    /// What the loop remembers of the handler that it is lent for.
    struct Borrower {
        var socket: CInt = -1
        var route = -1
        var isWriter = false
    }

    // MARK: Handing out

    /// The next turn that may be handed out.
    mutating func nextTurn() -> Turn? {
        if !waiting.isEmpty, let turn = nextWaiting() { return turn }
        while let turn = answerable.next() {
            let record = turn.record
            if record.refusal != nil || routes.isUrgent(record.routeIndex) || room.has(for: record) { return turn }
            wait(turn)
        }
        return nil
    }

    /// Who has waited longest, to be answered or to be told that it was too long.
    private mutating func nextWaiting() -> Turn? {
        guard let turn = waiting.removeFirst(in: room) ?? nextOverdue() else { return nil }
        publish()
        let record = turn.record
        let delay = clock.now - record.arrivedAt
        if queueDelay.refuses(delay, now: clock.now) {
            requests.refuseWaiting(turn)
        }
        return turn
    }

    /// Looks whether requests wait for too long, though no thread becomes free.
    mutating func lookAtQueue() {
        if let since = waiting.since {
            queueDelay.look(waitingSince: since, now: clock.now)
            requests.isOverloaded = queueDelay.isOverloaded
        } else if queueDelay.isOverloaded, room.free > 0 {
            queueDelay.noteEmpty()
            requests.isOverloaded = false
        }
    }

    /// Somebody there is no room for, and who has waited too long.
    private mutating func nextOverdue() -> Turn? {
        guard let since = waiting.since, clock.now - since > queueDelay.limit else { return nil }
        return waiting.removeFirst()
    }

    /// Has a request wait for a thread, here or where there is one.
    private mutating func wait(_ turn: consuming Turn) {
        let record = turn.record
        if passOn(turn) { return }
        record.arrivedAt =
            turn.arrivedAt ?? record.startedAt - RequestStart.age(record.value(of: RequestStart.fieldName))
        waiting.append(turn)
        requests.isOverloaded = queueDelay.isOverloaded
        publish()
    }

    // MARK: Lending the loop

    /// Notes whose handler the loop is lent for.
    /// - Returns: Whether the handler will take long.
    @inline(__always)
    mutating func lend(_ turn: Turn) -> Bool {
        let record = turn.record
        borrower = Borrower(socket: turn.connection.socket, route: record.routeIndex, isWriter: record.mayWrite)
        return record.refusal == nil && (slowRoutes.contains(record.routeIndex) || routes.isBlocking(record.routeIndex))
    }

    /// A handler that should have taken long was over before another thread had the loop.
    mutating func noteQuick() { slowRoutes.noteQuick(borrower.route) }

    /// The loop was taken while it was lent.
    /// - Parameter wasGivenUp: Whether the handler had said that it will take long.
    mutating func noteLost(wasGivenUp: Bool) {
        if case .inTurn(let turn)? = connections[borrower.socket]?.state {
            turn.isAway = true
            turn.isWriter = borrower.isWriter
            turn.route = borrower.route
        }
        room.take(isWriter: borrower.isWriter)
        if !wasGivenUp { slowRoutes.noteSlow(borrower.route) }
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
        room.giveBack(isWriter: turn.isWriter)
        queueDelay.noteHandler(took: turn.handlerTime)
        if turn.handlerTime >= Self.longTime {
            slowRoutes.noteSlowAgain(turn.route)
        } else {
            slowRoutes.noteQuick(turn.route)
        }
        let connection = turn.connection
        guard !connection.isAbandoned else { return }
        watch(connection)
        if turn.errand == .admission { return goOn(afterAdmissionOf: turn) }
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

    private mutating func watch(_ connection: Connection) {
        guard !connection.isWatched else { return }
        connection.isWatched = true
        if !poller.epoll.add(connection.socket, .read) { close(connection) }
    }
}
