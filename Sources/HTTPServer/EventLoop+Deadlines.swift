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
            case .linger, .lastLinger:
                close(connection)
            }
        }
    }

    /// The time was up, but a handler may have kept the loop from looking: what has arrived since counts.
    private mutating func lookOnceMore(_ connection: Connection, _ wait: DeadlineLists.Wait) {
        let answeredBefore = connection.answeredCount
        var progress = connection.progress
        progress += receive(connection)
        guard isOpen(connection), connection.answeredCount == answeredBefore else { return }
        let hasBegun = connection.record != nil
        switch wait {
        case .body where progress >= leastProgress(in: configuration.bodyTimeout):
            connection.progress = 0
            deadlines.arm(connection.socket, .body, now: now)
        case .head where hasBegun && connection.reader.isInBody, .idle where hasBegun, .grace where hasBegun:
            // It has gone on to the next wait just now.
            break
        case .head where hasBegun, .body:
            timeOut(connection)
        case .grace:
            linger(connection)
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
            connection.progress += count
            if connection.progress > Self.mostDropped { close(connection) }
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            close(connection)
        }
    }

    // MARK: Draining

    /// From here on every answer says `Connection: close`.
    ///
    /// One rule serves both ends a worker can have. The listener stays watched until the grace ends, and is swept then:
    /// in a final stop nobody else may be left to answer those whom the kernel lets in meanwhile; in a roll, siblings
    /// take most of them, and the rest are answered here as well as there. A connection that has asked for nothing
    /// yet stays readable for the grace, and is looked at once more before it is closed. When no connection is left
    /// before that, there is nobody to wait for.
    mutating func beginDraining() {
        guard drain == nil else { return }
        status.isDraining = true
        epoll.remove(shutdown)
        drain = Drain(
            graceEnd: now + configuration.drainGrace.nanoseconds,
            deadline: now + configuration.drainTimeout.nanoseconds
        )
        for case let connection? in connections {
            let wait = deadlines.wait(of: connection.socket)
            if wait == .idle || (wait == .head && connection.record == nil) {
                deadlines.arm(connection.socket, .grace, now: now)
            } else if wait == .linger {
                deadlines.arm(connection.socket, .lastLinger, now: now)
            }
        }
        sweep()
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
