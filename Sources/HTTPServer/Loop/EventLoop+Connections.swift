import CLinux
import Glibc
import Linux
import Synchronization

/// A connection's beginning, its end, and its deadlines.
extension EventLoop {
    // MARK: Beginning

    mutating func acceptBatch() {
        acceptor.isReady = false
        guard acceptor.isAccepting else { return }
        for _ in 0..<Acceptor.batchSize {
            guard acceptOne() else { return }
            // At once: to be told of a client and not let it in would keep the news from siblings that have room.
            guard hasRoom else { return acceptor.stopWatching(poller.epoll) }
        }
    }

    /// - Returns: Whether there may be more to accept.
    private mutating func acceptOne() -> Bool {
        // Decided before, so that siblings who decide at the same time see it.
        let place = placeForClient()
        if place == nil { publish(arriving: 1) }
        defer { publish() }
        switch acceptor.accept(now: clock.now, poller.epoll) {
        case .client(let client):
            observer?.connection(.accepted)
            if let place, send(client, to: place) { break }
            open(client)
        case .gone:
            return true
        case .noDescriptor:
            return refuseOne()
        case .nobody:
            return false
        }
        acceptor.giveWay(now: clock.now, poller.epoll)
        return true
    }

    /// Out of descriptors: lets one client in on the reserve, tells it, and shows it out.
    private mutating func refuseOne() -> Bool {
        let client = acceptor.acceptOnReserve()
        let hasAccepted = client != nil
        if let client {
            observer?.connection(.refused)
            refuse(client)
        }
        return acceptor.renewReserve(hasAccepted: hasAccepted, now: clock.now, poller.epoll)
    }

    private mutating func refuse(_ client: consuming Acceptor.Client) {
        let connection = Connection(client)
        let turn = turns.take(for: connection, batch.end..<batch.end, in: batch.block)
        requests.refuse(turn, .noDescriptorLeft, now: clock.now)
        write(RequestError.noDescriptorLeft.problem.response(requestID: turn.requestID), in: turn)
        _ = turn.output.send(to: connection.socket)
        turn.output.removeAll(shrinkingTo: Turn.usualOutputSize)
        _ = report(turn)
        turns.putBack(turn, parkedIn: batch)
        _ = shutdown(connection.socket, CInt(SHUT_WR))
        // What it has sent must be read, or closing would reset the connection and take the answer away.
        _ = batch.drop(from: connection.socket)
        connection.close()
    }

    /// - Parameter timer: What the connection waits for.
    /// - Returns: `nil` when the kernel does not let it be watched.
    @discardableResult
    mutating func open(_ client: consuming Acceptor.Client, since timer: DeadlineLists.Timer = .head) -> Connection? {
        let connection = Connection(client)
        connections.insert(connection)
        deadlines.arm(connection.socket, drain.isDraining ? .drainGrace : timer, now: clock.now)
        observer?.connectionsChanged(open: connections.count)
        publish()
        guard poller.epoll.add(connection.socket, .read) else {
            close(connection)
            return nil
        }
        return connection
    }

    private var hasRoom: Bool { connections.count < configuration.maxConnections }

    mutating func resumeAccepting() {
        if hasRoom { acceptor.resume(now: clock.now, poller.epoll) }
    }

    // MARK: The end

    mutating func close(_ connection: Connection) {
        switch connection.state {
        case .readingHead(let pending), .readingBody(let pending), .waitingForTurn(let pending):
            requests.memory.release(pending)
        case .inTurn(let turn):
            requests.memory.release(turn)
            if turn.isAway { return abandon(connection) }
        case .writing(let output):
            if let pending = output.pending { requests.memory.release(pending) }
        case .idle, .lingering, .halfClosed:
            break
        case .closed:
            return
        }
        deadlines.disarm(connection.socket)
        connections.remove(connection)
        connection.close()
        observer?.connectionsChanged(open: connections.count)
        publish()
        if mail.isShort {
            mail.renewReserve()
            watchMailbox()
        }
        resumeAccepting()
    }

    /// Ends a connection whose turn another thread has, which closes it when it is done.
    private mutating func abandon(_ connection: Connection) {
        deadlines.disarm(connection.socket)
        connections.remove(connection)
        unwatch(connection)
        connection.isAbandoned = true
        _ = shutdown(connection.socket, CInt(SHUT_RDWR))
        observer?.connectionsChanged(open: connections.count)
    }

    /// Ends our side, and reads on until the client ends its own: a socket closed with unread bytes resets the
    /// connection, and a reset takes the answer with it (RFC 9112 section 9.6).
    mutating func linger(_ connection: Connection) {
        connection.state = .lingering(dropped: 0)
        _ = shutdown(connection.socket, CInt(SHUT_WR))
        deadlines.arm(connection.socket, drain.isDraining ? .lastLinger : .linger, now: clock.now)
    }

    /// Ends our side of a connection on which nothing was asked, while draining.
    ///
    /// HTTP/1.1 has no word for "ask no more" but the end itself, and a request may cross it on the wire. This much can be
    /// known: when the client's system has acknowledged the end, what it had sent before is here. If that is nothing,
    /// nothing was lost and nobody is waited for: whoever sends after that has been told of the end. If it is something,
    /// a request was missed, and the observer hears of it.
    private mutating func halfClose(_ connection: Connection) {
        connection.state = .halfClosed(dropped: 0)
        _ = shutdown(connection.socket, CInt(SHUT_WR))
        deadlines.arm(connection.socket, .acknowledgement, now: clock.now)
        awaitAcknowledgement(connection)
    }

    /// Closes the connection if its end is known over there and nothing came before.
    private mutating func awaitAcknowledgement(_ connection: Connection) {
        // Asked first, and read after that.
        let isKnown = clinux_end_is_acknowledged(connection.socket)
        dropInput(connection)
        guard case .halfClosed(let dropped) = connection.state else { return }
        let since = deadlines.since(of: connection.socket)
        if isKnown && dropped == 0 || clock.now >= since + drain.acknowledgementTime {
            close(connection)
        } else {
            // Systems acknowledge at once or within some tens of milliseconds.
            let next = clock.now + DeadlineLists.acknowledgementLook
            deadlines.arm(connection.socket, .acknowledgement, since: since, until: next)
        }
    }

    /// What is dropped after our end, at most: someone who sends more does not listen.
    private static let mostDropped = 4 * 1024 * 1024

    /// Reads what a client still sends after our end, and drops it.
    mutating func dropInput(_ connection: Connection) {
        let count = batch.drop(from: connection.socket)
        guard count > 0 else {
            if count == 0 || (errno != EAGAIN && errno != EINTR) { close(connection) }
            return
        }
        let total: Int
        switch connection.state {
        case .halfClosed(let dropped):
            // We had not answered that there will be no more.
            if dropped == 0 { observer?.requestMissed() }
            total = dropped + count
            connection.state = .halfClosed(dropped: total)
        case .lingering(let dropped):
            total = dropped + count
            connection.state = .lingering(dropped: total)
        default:
            preconditionFailure("the connection has not ended")
        }
        if total > Self.mostDropped { close(connection) }
    }

    // MARK: Deadlines

    /// Does what follows when a connection's time is over.
    mutating func expire(_ connection: Connection, _ timer: DeadlineLists.Timer) {
        switch connection.state {
        case .idle, .readingHead, .readingBody:
            lookOnceMore(connection, timer)
        case .writing(let output):
            if output.progress < leastProgress(in: configuration.writeTimeout) {
                close(connection)
            } else {
                output.progress = 0
                deadlines.arm(connection.socket, .write, now: clock.now)
            }
        case .lingering:
            close(connection)
        case .halfClosed:
            awaitAcknowledgement(connection)
        case .waitingForTurn, .inTurn, .closed:
            break
        }
    }

    /// The time was up, but a handler may have kept the loop from looking: what has arrived since counts.
    private mutating func lookOnceMore(_ connection: Connection, _ timer: DeadlineLists.Timer) {
        let least = leastProgress(in: configuration.bodyTimeout)
        var progress = if case .readingBody(let pending) = connection.state { pending.progress } else { 0 }
        // One look takes no more than there is memory for, and more may be there: the rest of a head, enough of a body.
        while true {
            let count = receiveNow(connection)
            progress += count
            switch connection.state {
            case .idle:
                return drain.isDraining && timer == .drainGrace ? halfClose(connection) : close(connection)
            case .readingHead(let pending):
                // A new connection's first bytes and the rest of a head have the same time.
                guard timer == .head else { return }
                guard count > 0 else { return timeOut(connection, pending) }
            case .readingBody(let pending):
                guard timer == .body else { return }
                if progress >= least {
                    pending.progress = 0
                    return deadlines.arm(connection.socket, .body, now: clock.now)
                }
                guard count > 0 else { return timeOut(connection, pending) }
            case .waitingForTurn, .inTurn, .writing, .lingering, .halfClosed, .closed:
                // It was answered, or has ended.
                return
            }
        }
    }

    /// Receives once, and begins or goes on with the request at once.
    private mutating func receiveNow(_ connection: Connection) -> Int {
        switch connection.state {
        case .readingHead(let pending), .readingBody(let pending):
            return receive(connection, pending)
        default:
            batch.restart()
            let count = collect(connection)
            if let entry = batch.next() { begin(entry) }
            batch.restart()
            return count
        }
    }

    /// How many bytes the slowest client moves in a time.
    private func leastProgress(in time: Duration) -> Int {
        max(1, Int(Double(configuration.minimumRate) * Double(time.nanoseconds) / 1e9))
    }

    // MARK: Draining

    /// Begins to drain; or, called again, hurries where the server has left at its leisure so far.
    mutating func beginDraining() {
        drain.isDue = false
        if !drain.isDraining {
            // Logs and slow clients may have held the loop up since its last look: everybody gets the whole grace.
            clock.look()
            drain.begin(at: clock.now)
            signals?.isDraining.store(true, ordering: .relaxed)
            publish()
            for connection in connections.all {
                guard case .lingering = connection.state else { continue }
                deadlines.arm(connection.socket, .lastLinger, now: clock.now)
            }
            if !passConnectionsOn() { acceptAll() }
        } else {
            _ = passConnectionsOn()
        }
        setGrace()
    }

    /// Leaves all that nobody has asked anything on to siblings, if there are any: then nobody here is told of an end.
    /// - Returns: Whether there are siblings who go on serving.
    private mutating func passConnectionsOn() -> Bool {
        passesConnectionsOn = !drain.isAlone && hasSiblings
        signals?.closesConnections.store(!passesConnectionsOn, ordering: .relaxed)
        guard passesConnectionsOn else { return false }
        // Siblings are not woken again for a client that this server was woken for (EPOLLEXCLUSIVE). Of those that come from
        // now on they hear.
        acceptor.stopWatching(poller.epoll)
        acceptAll()
        acceptor.finish(poller.epoll)
        for connection in connections.all where connection.isIdle { _ = passOn(connection) }
        return true
    }

    /// Gives connections that ask for nothing their time: until they have been silent for the grace, which began with
    /// their last answer, and at least until what was sent by now is here. They are looked at once more before they are
    /// closed.
    private mutating func setGrace() {
        let silence = drain.silence()
        deadlines.setLength(of: .drainGrace, to: silence)
        let silent = connections.all.compactMap { connection -> (socket: CInt, since: Int64)? in
            guard case .idle = connection.state else { return nil }
            return (connection.socket, deadlines.since(of: connection.socket))
        }
        for (socket, since) in silent.sorted(by: { $0.since < $1.since }) {
            let end = max(since + silence, clock.now + Drain.flightTime)
            deadlines.arm(socket, .drainGrace, since: since, until: end)
        }
    }

    /// Empties the accept queue.
    private mutating func acceptAll() {
        while !acceptor.isOver, acceptOne() {}
    }

    /// - Returns: Whether the loop may end.
    mutating func isDrained() -> Bool {
        if drain.isOver(at: clock.now) {
            for connection in connections.all { close(connection) }
        } else if drain.isGraceOver(at: clock.now), !acceptor.isOver {
            // Lets in everybody who is connected already, and nobody after that.
            clock.look()
            acceptAll()
            acceptor.finish(poller.epoll)
        }
        return connections.count == 0
    }
}
