import Glibc
import HTTPTypes
import Linux

/// The steps of a turn: receiving, answering, sending, and what the connection does next.
extension EventLoop {
    /// Bytes of answers after which a turn's output is sent before the next request is read.
    private static let outputPerSend = 256 * 1024

    /// Does what the connection waited for.
    mutating func serve(_ connection: Connection) {
        switch connection.state {
        case .idle: collect(connection)
        case .readingHead(let pending), .readingBody(let pending): receive(connection, pending)
        case .writing(let output): sendRest(output, of: connection)
        case .lingering, .halfClosed: dropInput(connection)
        // A handler is at work, and the client sends on, or has left.
        case .inTurn: unwatch(connection)
        case .waitingForTurn, .closed: break
        }
    }

    // MARK: Receiving

    /// Receives what begins a request, and leaves it for when all that is ready has been received.
    /// - Returns: The number of bytes received.
    @discardableResult
    mutating func collect(_ connection: Connection) -> Int {
        received(batch.receive(from: connection), of: connection)
    }

    /// Receives more of what was begun, and goes on with it at once.
    /// - Returns: The number of bytes received.
    @discardableResult
    mutating func receive(_ connection: Connection, _ pending: PendingInput) -> Int {
        if pending.bytes.upperBound == pending.block.capacity, !requests.memory.grow(pending) {
            let turn = begin(connection, pending)
            requests.refuseBegun(of: turn, .noMemoryLeft, now: clock.now)
            answerable.append(turn)
            return 0
        }
        let end = pending.bytes.upperBound
        let count = received(pending.block.receive(from: connection.socket, at: end), of: connection)
        guard count > 0 else { return 0 }
        pending.progress += count
        pending.bytes = pending.bytes.lowerBound..<end + count
        goOn(with: begin(connection, pending))
        return count
    }

    private mutating func received(_ count: Int, of connection: Connection) -> Int {
        if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { close(connection) }
        return max(0, count)
    }

    // MARK: A turn

    /// Begins a turn with what was received in a batch.
    mutating func begin(_ entry: ReadBatch.Entry) {
        guard case .idle = entry.connection.state else { return }
        let turn = turns.take(for: entry, of: batch)
        entry.connection.state = .inTurn(turn)
        goOn(with: turn)
    }

    private mutating func begin(_ connection: Connection, _ pending: PendingInput) -> Turn {
        let turn = turns.take(for: connection, pending)
        connection.state = .inTurn(turn)
        return turn
    }

    /// Gives a connection its next turn.
    mutating func takeTurn(_ connection: Connection) {
        guard case .waitingForTurn(let pending) = connection.state else { return }
        goOn(with: begin(connection, pending))
    }

    /// Goes on until a request needs an answer or the turn has ended.
    mutating func goOn(with turn: consuming Turn) {
        guard turn.hasUnread, turn.answeredCount < configuration.maxPipelined else { return finish(turn) }
        if turn.output.isSealed || turn.output.size > Self.outputPerSend {
            let sending = send(turn)
            guard sending == .done else { return end(turn, after: sending) }
        }
        let reading = requests.read(turn, now: clock.now)
        goOn(with: turn, after: reading)
    }

    /// Goes on when somebody has said whether the body of the request that a turn has begun may be read.
    mutating func goOn(afterAdmissionOf turn: consuming Turn) {
        turn.errand = .answer
        let reading = requests.readAdmitted(turn, now: clock.now)
        goOn(with: turn, after: reading)
    }

    @inline(__always)
    private mutating func goOn(with turn: consuming Turn, after reading: RequestSource.Reading) {
        switch reading {
        case .incomplete:
            return finish(turn)
        case .admission:
            turn.errand = .admission
        case .request:
            if let arrivedAt = turn.arrivedAt { turn.record.backdate(to: arrivedAt) }
        }
        answerable.append(turn)
    }

    private mutating func finish(_ turn: consuming Turn) {
        let sending = turn.output.size > 0 ? send(turn) : .done
        end(turn, after: sending)
    }

    mutating func end(_ turn: consuming Turn, after sending: Turn.Sending) {
        let isShared = report(turn)
        let connection = turn.connection
        // It may have sent more while its turn waited for something.
        if sending != .failed, !connection.isClosed, !connection.isWatched { watch(connection) }
        guard sending != .failed, !connection.isClosed else {
            close(connection)
            return turns.putBack(turn, parkedIn: batch)
        }
        if !requests.memory.keepUnread(of: turn, in: &batch, isShared: isShared) {
            guard turn.rest != nil else {
                requests.refuseBegun(of: turn, .noMemoryLeft, now: clock.now)
                return answerable.append(turn)
            }
            // The client does not take what it asked for before. Then it gets that, and the end.
            turn.ending = .linger
            requests.memory.release(turn)
        }
        if let rest = turn.rest {
            write(UnsentOutput(rest, then: turn.ending, pending: turn.pending), to: connection)
        } else {
            settle(connection, turn.pending, turn.ending, hasAnswered: turn.answeredCount > 0)
        }
        turns.putBack(turn, parkedIn: batch)
    }

    /// Ends a turn for a request that did not arrive whole in its time.
    mutating func timeOut(_ connection: Connection, _ pending: PendingInput) {
        let turn = begin(connection, pending)
        requests.refuseBegun(of: turn, .timeout, now: clock.now)
        answerable.append(turn)
    }

    // MARK: Answering

    /// Writes the answer to a turn's request behind the answers to those before it.
    mutating func write(_ response: Response, in turn: Turn) {
        let isLast = drain.isDraining && !passesConnectionsOn
        let record = turn.write(response, date: clock.date.line, signature: signature, isLast: isLast)
        // What comes next has its time from here on.
        clock.look()
        record.endedAt = clock.now
        requestObserver?.requestAnswered(Exchange(record: record))
        noteAnswered()
    }

    mutating func noteAnswered() {
        answeredCount += 1
        if answeredCount == configuration.maxRequests { observer?.requestLimitReached() }
    }

    /// Gives the observer what was answered, and takes back the records nobody kept.
    /// - Returns: Whether somebody kept one, so that the turn's block must not be written to again.
    mutating func report(_ turn: Turn) -> Bool {
        var isShared = false
        var answered = turn.takeAnswered()
        while let record = answered.next() {
            if !record.isReported { requestObserver?.requestEnded(Exchange(record: record)) }
            if !requests.records.takeBack(record, parkedIn: batch) { isShared = true }
        }
        if isShared, turn.block === batch.block { batch.replaceBlock() }
        return isShared
    }

    // MARK: Sending

    private mutating func send(_ turn: Turn) -> Turn.Sending {
        guard !turn.connection.isClosed else {
            turn.output.removeAll(shrinkingTo: Turn.usualOutputSize)
            return .done
        }
        return turn.send()
    }

    /// Waits for room in the socket. Nothing is read from a client that does not take what it asked for.
    private mutating func write(_ output: UnsentOutput, to connection: Connection) {
        connection.state = .writing(output)
        guard poller.epoll.modify(connection.socket, .write) else { return close(connection) }
        deadlines.arm(connection.socket, .write, now: clock.now)
    }

    /// Sends on when the socket has room again.
    private mutating func sendRest(_ output: UnsentOutput, of connection: Connection) {
        let sent = output.send(to: connection.socket)
        guard sent >= 0 || errno == EAGAIN || errno == EINTR else { return close(connection) }
        guard output.isSent else { return }
        guard poller.epoll.modify(connection.socket, .read) else { return close(connection) }
        deadlines.disarm(connection.socket)
        if output.ending == .keepAlive, let pending = output.pending {
            goOn(with: begin(connection, pending))
        } else {
            settle(connection, output.pending, output.ending, hasAnswered: true)
        }
    }

    /// Decides what the connection does next.
    private mutating func settle(
        _ connection: Connection,
        _ pending: PendingInput?,
        _ ending: Turn.Ending,
        hasAnswered: Bool
    ) {
        switch ending {
        case .close: return close(connection)
        case .linger: return linger(connection)
        case .keepAlive: break
        }
        let socket = connection.socket
        guard let pending else {
            connection.state = .idle
            if passesConnectionsOn, passOn(connection) { return }
            return deadlines.arm(socket, drain.isDraining ? .drainGrace : .idle, now: clock.now)
        }
        switch pending.request?.part {
        case .body:
            connection.state = .readingBody(pending)
            // Of a body that comes right behind another one, the time has only begun.
            guard hasAnswered || deadlines.timer(of: socket) != .body else { return }
            pending.progress = 0
            deadlines.arm(socket, .body, now: clock.now)
        case .head:
            connection.state = .readingHead(pending)
            guard hasAnswered || deadlines.timer(of: socket) != .head else { return }
            deadlines.arm(socket, .head, now: clock.now)
        case nil:
            connection.state = .waitingForTurn(pending)
            deadlines.disarm(socket)
            turnQueue.append(connection)
        }
    }
}
