import Glibc

extension EventLoop {
    /// What is dropped while lingering, at most: someone who sends more does not listen.
    private static let mostDropped = 4 * 1024 * 1024

    /// Ends the waits that are over.
    mutating func expire() {
        if let resumption = acceptance.resumption, resumption <= now {
            acceptance.resumption = nil
            resumeAccepting()
        }
        while let (descriptor, wait) = deadlines.popExpired(now: now) {
            guard let connection = connections[Int(descriptor)] else { continue }
            switch wait {
            case .head, .body, .idle, .grace:
                lookOnceMore(connection, wait)
            case .write:
                if connection.progress < leastProgress(in: configuration.writeTimeout) {
                    close(connection)
                } else {
                    connection.progress = 0
                    deadlines.arm(descriptor, .write, now: now)
                }
            case .parting:
                keepParting(connection)
            case .linger, .lastLinger:
                close(connection)
            }
        }
    }

    /// The time was up, but a handler may have kept the loop from looking: what has arrived since counts.
    private mutating func lookOnceMore(_ connection: Connection, _ wait: DeadlineLists.Wait) {
        let answeredBefore = connection.answeredCount
        var progress = connection.progress
        let least = leastProgress(in: configuration.bodyTimeout)
        var count: Int
        // One look takes no more than there is memory for, and more may be there: the rest of a head, enough of a body.
        repeat {
            count = receive(connection)
            progress += count
            guard isOpen(connection), connection.answeredCount == answeredBefore else { return }
        } while count > 0 && (wait == .head && !connection.reader.isInBody || wait == .body && progress < least)
        let hasBegun = connection.record != nil
        switch wait {
        case .body where progress >= least:
            connection.progress = 0
            deadlines.arm(connection.socket, .body, now: now)
        case .head where hasBegun && connection.reader.isInBody, .idle where hasBegun, .grace where hasBegun:
            // It has gone on to the next wait just now.
            break
        case .head where hasBegun, .body:
            timeOut(connection)
        case .grace:
            part(from: connection)
        default:
            close(connection)
        }
    }

    /// How many bytes the slowest client moves in a time.
    private func leastProgress(in time: Duration) -> Int {
        max(1, Int(Double(configuration.minimumRate) * Double(time.nanoseconds) / 1e9))
    }

    /// Reads what a client still sends after the answer, and drops it.
    mutating func dropInput(_ connection: Connection) {
        // Behind what waits to be answered.
        let count = sharedInput.receive(from: connection.socket, at: arrivals.end)
        if count > 0 {
            if !connection.isClosing {
                // We had not answered that there will be no more.
                connection.isClosing = true
                observer?.requestMissed()
            }
            connection.progress += count
            if connection.progress > Self.mostDropped { close(connection) }
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            close(connection)
        }
    }

    // MARK: Draining

    /// How long a request may be on its way that was sent before anybody thought of draining.
    private static let flightTime: Int64 = 50_000_000

    /// From here on every answer says `Connection: close`.
    ///
    /// One rule serves both ends a worker can have. The listener stays watched until the grace ends, and is swept then:
    /// in a final stop nobody else may be left to answer those whom the kernel lets in meanwhile; in a roll, siblings
    /// take most of them, and the rest are answered here as well as there. When no connection is left before that, there
    /// is nobody to wait for.
    mutating func beginDraining() {
        guard drain == nil else { return }
        // Logs and slow clients may have held the loop up since its last look: everybody gets the whole grace.
        now = MonotonicClock.now()
        status.isDraining = true
        drain = Drain(
            graceEnd: now + configuration.drainGrace.nanoseconds,
            deadline: now + configuration.drainTimeout.nanoseconds
        )
        for case let connection? in connections where deadlines.wait(of: connection.socket) == .linger {
            deadlines.arm(connection.socket, .lastLinger, now: now)
        }
        sweep()
    }

    /// Gives connections that ask for nothing their time: until they have been silent for the grace, which began with
    /// their last answer, and at least until what was sent by now is here. They are looked at once more before they are
    /// closed. Called again when a process that left at its leisure has to hurry.
    mutating func setGrace() {
        let grace = isLast() ? configuration.drainGrace : configuration.unhurriedDrainGrace
        // Before the deadline, where all that is left is cut.
        let silence = min(grace, configuration.drainTimeout / 2).nanoseconds
        deadlines.setLength(of: .grace, to: silence)
        let silent = connections.compactMap { connection -> (socket: CInt, since: Int64)? in
            guard let connection else { return nil }
            switch deadlines.wait(of: connection.socket) {
            case .head where connection.record == nil, .idle, .grace:
                return (connection.socket, deadlines.since(of: connection.socket))
            default: return nil
            }
        }
        for (socket, since) in silent.sorted(by: { $0.since < $1.since }) {
            deadlines.arm(socket, .grace, since: since, until: max(since + silence, now + Self.flightTime))
        }
    }

    /// - Returns: Whether the loop may end.
    mutating func isDrained() -> Bool {
        guard let drain else { return false }
        if now >= drain.deadline {
            for case let connection? in connections { close(connection) }
        } else if now >= drain.graceEnd, !acceptance.isOver {
            finishAccepting()
        }
        return openCount == 0
    }
}
