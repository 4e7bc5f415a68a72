import Linux

/// The final stop: new connections are refused, and everybody who is connected by then is answered.
extension SupervisorState {
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
        effects.append(.announceStop)
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
        for worker in workers where worker.isDraining {
            if let pid = worker.pid { effects.append(.send(.terminate, pid: pid)) }
        }
        for index in workers.indices { drain(index, at: now) }
    }

    mutating func stopAtOnce(at now: MonotonicInstant) {
        guard !stop.isQuick else { return }
        if stop.startedAt == nil { stop.startedAt = now }
        stop.isQuick = true
        say(.info, "stopping at once", [.integer("workers", workers.count)])
        abandonUpgrade(because: "the service stops", at: now)
        if !isStopping { effects += [.announceStop, .refuseNewConnections] }
        breakOffRoll(because: "the service stops", at: now)
        life = .stopping(until: now + Self.quickTime)
        for index in workers.indices {
            if let pid = workers[index].pid { effects.append(.send(.quit, pid: pid)) }
            workers[index].phase = .draining(until: now + Self.quickTime)
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
        for index in workers.indices { drain(index, at: now) }
    }

    /// All workers have left: is the queue empty too, and are the mailboxes?
    mutating func finishStop(at now: MonotonicInstant) {
        guard workers.isEmpty else { return }
        if stop.isQuick || stop.queue == .judged { return finish(at: now) }
        guard stop.queue == .unknown else { return }
        stop.beginInspection()
        effects.append(.inspectBacklog)
    }

    mutating func backlog(waiting: Int, handshakes: Int, at now: MonotonicInstant) {
        guard stop.queue == .inspecting, case .stopping(let end) = life else { return }
        switch stop.judge(waiting: waiting, handshakes: handshakes, end: end, at: now) {
        case .wait: break
        case .forkLastWorker: forkLastWorker(end: end, at: now)
        case .finish(let unanswered):
            if unanswered > 0 { say(.error, "connections left unanswered", [.integer("connections", unanswered)]) }
            finish(at: now)
        }
    }

    private mutating func forkLastWorker(end: MonotonicInstant, at now: MonotonicInstant) {
        guard let slot = workers.vacantSlot else { return }
        stop.countLastWorker()
        let spec = WorkerSpec(slot: slot, number: 1, generation: generation, role: .lastWorker)
        workers.append(WorkerHandle(spec, .draining(until: end + .milliseconds(500)), at: now))
        effects.append(.fork(spec))
    }

    private mutating func finish(at now: MonotonicInstant) {
        // It shows how the service stops until the end.
        effects += companion.leave(atOnce: stop.isQuick, at: now)
        guard !companion.isAlive else { return }
        life = .finished
        let code = stop.exitCode
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
