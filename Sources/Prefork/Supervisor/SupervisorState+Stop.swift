/// How far the final stop is.
struct StopProgress: Equatable {
    var startedAt: MonotonicInstant?
    /// What the supervisor exits with, if it is not for workers that had to be killed.
    var code = ExitCode.stopped
    /// Nobody is waited for, and the queue is not looked at.
    var isQuick = false
    /// How many workers had to be killed.
    var killed = 0
    /// How many workers were forked to serve what was left in the queue.
    var lastWorkers = 0
    /// When to look at the queue again, because handshakes were under way.
    var inspectAt: MonotonicInstant?
    /// The queue was looked at, or that is under way.
    var isInspecting = false
    /// Until when handshakes under way are waited for.
    var handshakesUntil: MonotonicInstant?
}

/// The final stop: new connections are refused, and everybody who is connected by then is answered.
extension SupervisorState {
    /// How long to wait for handshakes that the kernel has begun to finish: some round trips.
    private static let handshakeTime = Duration.milliseconds(500)
    /// How often to look whether they did.
    private static let handshakeLook = Duration.milliseconds(5)
    /// The most workers that are forked for the rest of the queue, should they keep crashing over it.
    private static let mostLastWorkers = 5
    /// How long workers may take to die when told to leave at once.
    private static let quickTime = Duration.seconds(1)

    var isStopping: Bool {
        switch life {
        case .serving, .delaying: false
        case .stopping, .finished: true
        }
    }

    /// Stops gracefully. Being told again changes nothing.
    mutating func beginStop(at now: MonotonicInstant) {
        guard life == .serving else { return }
        stop.startedAt = now
        say(
            .info,
            "stopping",
            [
                .integer("workers", workers.count(where: \.isStaying)),
                .duration("timeout", configuration.shutdownTimeout),
            ]
        )
        effects.append(.announceLeaving)
        abandonUpgrade(because: "the service stops", at: now)
        if configuration.drainDelay > .zero {
            life = .delaying(until: now + configuration.drainDelay)
        } else {
            stopWorkers(at: now)
        }
    }

    mutating func stopWorkers(at now: MonotonicInstant) {
        life = .stopping(until: now + configuration.shutdownTimeout)
        breakOffRoll(because: "the service stops", at: now)
        effects.append(.refuseNewConnections)
        // Those that are leaving already do so at their leisure, until they hear that everybody leaves.
        for worker in workers where worker.phase == .leaving {
            if let pid = worker.pid { effects.append(.send(.terminate, pid: pid)) }
        }
        for index in workers.indices { leave(index, at: now) }
    }

    mutating func stopAtOnce(at now: MonotonicInstant) {
        guard !stop.isQuick else { return }
        if stop.startedAt == nil { stop.startedAt = now }
        stop.isQuick = true
        say(.info, "stopping at once", [.integer("workers", workers.count)])
        abandonUpgrade(because: "the service stops", at: now)
        if !isStopping { effects += [.announceLeaving, .refuseNewConnections] }
        breakOffRoll(because: "the service stops", at: now)
        life = .stopping(until: now + Self.quickTime)
        for index in workers.indices {
            if let pid = workers[index].pid { effects.append(.send(.quit, pid: pid)) }
            workers[index].phase = .leaving
            workers[index].deadline = now + Self.quickTime
        }
    }

    /// No worker ever became ready, and there is no reason to believe that one will.
    mutating func giveUp(how: String, at now: MonotonicInstant) {
        stop.startedAt = now
        stop.code = .workersCannotBoot
        stop.isQuick = true
        say(
            .error,
            "workers cannot boot",
            [
                .text("how", how), .integer("attempts", configuration.bootAttempts),
                .text("todo", "No worker ever became ready. Look for the workers' own errors above."),
            ]
        )
        effects.append(.refuseNewConnections)
        life = .stopping(until: now + configuration.shutdownTimeout)
        for index in workers.indices { leave(index, at: now) }
    }

    /// All workers have left: is the queue empty too?
    mutating func finishStop(at now: MonotonicInstant) {
        guard workers.isEmpty, stop.inspectAt == nil, !stop.isInspecting else { return }
        guard !stop.isQuick, !listenerIsShared, someWorkerBecameReady else { return finish(at: now) }
        stop.isInspecting = true
        effects.append(.inspectBacklog)
    }

    mutating func backlog(waiting: Int, handshakes: Int, at now: MonotonicInstant) {
        guard stop.isInspecting, case .stopping(let until) = life else { return }
        stop.isInspecting = false
        let handshakesUntil = stop.handshakesUntil ?? now + Self.handshakeTime
        stop.handshakesUntil = handshakesUntil
        if stop.isQuick {
            finish(at: now)
        } else if waiting > 0 && now < until && stop.lastWorkers < Self.mostLastWorkers {
            forkLastWorker(until: until, at: now)
        } else if handshakes > 0 && now < min(until, handshakesUntil) {
            stop.inspectAt = now + Self.handshakeLook
        } else {
            if waiting > 0 { say(.error, "connections left unanswered", [.integer("connections", waiting)]) }
            finish(at: now)
        }
    }

    /// Connections came in while the last workers left. One more worker answers them.
    private mutating func forkLastWorker(until: MonotonicInstant, at now: MonotonicInstant) {
        guard let slot = vacantSlot else { return }
        stop.lastWorkers += 1
        var worker = WorkerHandle(slot: slot, number: 1, generation: generation, forkedAt: now)
        worker.phase = .leaving
        worker.deadline = until + .milliseconds(500)
        workers.append(worker)
        effects.append(.fork(Birth(slot: slot, number: 1, generation: generation, isLast: true)))
    }

    private mutating func finish(at now: MonotonicInstant) {
        life = .finished
        let code = stop.code == .stopped && stop.killed > 0 ? .workersKilled : stop.code
        say(
            code == .stopped ? .info : .error,
            "stopped",
            [
                .integer("code", code.rawValue), .integer("killed", stop.killed),
                .duration("took", now - (stop.startedAt ?? now)),
            ]
        )
        effects.append(.finish(code))
    }
}
