import Linux

/// The life of workers: from the fork to the exit.
extension SupervisorState {
    /// How much longer than a worker itself the supervisor waits, so that a worker can end by its own clock and say so.
    private static let drainMargin = Duration.milliseconds(500)
    /// How long a worker that was told to die may take to write down where it was.
    private static let abortTime = Duration.seconds(1)
    /// How long until a worker that was killed is killed again. Only a process that the kernel itself holds lives that long.
    private static let killTime = Duration.seconds(5)

    /// The most processes at any time: every worker may have a predecessor that still leaves, and one comes before one goes.
    var processLimit: Int {
        min(Scoreboard.capacity, 2 * max(configuration.workers.upperBound, target) + 1)
    }

    mutating func start(at now: MonotonicInstant) {
        looks.start(at: now)
        advice.start(at: now)
        report.start(at: now)
        // A former program's serves on until this program's does, which may never come.
        if companion.hasNoSuccessor { effects += companion.relieveFormer(at: now) }
        guard !workers.isEmpty else { return }
        say(.info, "upgrade taken over", [.integer("workers", workers.count)])
        beginRoll(at: now)
    }

    // MARK: - Coming

    /// Forks workers for the places that nobody holds.
    mutating func fillPlaces(at now: MonotonicInstant) {
        var taken = Set(workers.filter(\.isStaying).map(\.number))
        var places = target - workers.staffed
        var number = 0
        while places > 0 && number < target {
            number += 1
            guard !taken.contains(number) else { continue }
            guard workers.count < processLimit else { return }
            guard forks.admit(number, at: now) else { continue }
            fork(number: number, replacing: nil, at: now)
            taken.insert(number)
            places -= 1
        }
    }

    /// Forks successors for workers that are to be replaced, a few at a time.
    mutating func startSuccessors(at now: MonotonicInstant) {
        guard !upgrade.isAboutToTakeOver else { return }
        var room = configuration.rollWidth - workers.successors
        for worker in workers.dueForReplacement where room > 0 {
            // The last free process is kept for the replacement of one that crashes.
            guard workers.count < processLimit - 1 else { return }
            guard forks.admit(worker.number, at: now) else { continue }
            fork(number: worker.number, replacing: worker.slot, at: now)
            room -= 1
        }
    }

    private mutating func fork(number: Int, replacing predecessor: Int?, at now: MonotonicInstant) {
        guard let slot = workers.vacantSlot else { return }
        let role = ChildRole.worker(configuration)
        let spec = WorkerSpec(slot: slot, number: number, generation: generation, role: role)
        // Its time runs before the fork: a worker that hangs in its first instruction is late like any other.
        var worker = WorkerHandle(spec, .booting(until: now + configuration.bootTimeout), at: now)
        worker.predecessor = predecessor
        workers.append(worker)
        effects.append(.fork(spec))
    }

    mutating func forked(slot: Int, pid: Int32, at now: MonotonicInstant) {
        guard let index = workers.unconfirmed(in: slot) else { return }
        workers[index].pid = pid
        say(.info, "worker started", workers[index].fields)
        // It may have been told to leave before its fork was confirmed.
        if workers[index].isDraining { effects.append(.send(.terminate, pid: pid)) }
    }

    mutating func forkFailed(slot: Int, reason: String, at now: MonotonicInstant) {
        guard let index = workers.unconfirmed(in: slot) else { return }
        let worker = workers.remove(at: index)
        forks.pause(at: now)
        say(.error, "fork failed", [.integer("number", worker.number), .text("reason", reason)])
    }

    mutating func becameReady(_ pid: Int32, at now: MonotonicInstant) {
        guard let index = workers.index(of: pid), workers[index].isBooting else { return }
        workers[index].phase = .ready(since: now)
        if let age = configuration.maximumAge {
            workers[index].expiresAt = now + age * Double.random(in: 0.9...1, using: &random)
        }
        let worker = workers[index]
        forks.ledger.succeed(worker.number)
        reportedUnbootable.remove(worker.number)
        hasServed = true
        say(.info, "worker ready", worker.fields + [.duration("took", now - worker.forkedAt)])
        takeOver(index, at: now)
    }

    /// The successor is ready: now its predecessor may leave.
    private mutating func takeOver(_ index: Int, at now: MonotonicInstant) {
        let successor = workers[index]
        guard let slot = successor.predecessor else { return }
        workers[index].predecessor = nil
        guard let old = workers.firstIndex(where: { $0.slot == slot && $0.isStaying }) else { return }
        if workers[old].renewal == .roll {
            roll?.failures = 0
            roll?.replacements.append(
                .init(number: successor.number, bootTime: now - successor.forkedAt, predecessor: workers[old].pid)
            )
        }
        drain(old, at: now)
    }

    mutating func sayReady(at now: MonotonicInstant) {
        guard !saidReady, workers.ready >= target, roll == nil else { return }
        saidReady = true
        say(.info, "ready", identity + [.integer("workers", workers.ready), .duration("took", now - startedAt)])
    }

    // MARK: - Going

    /// Tells a worker to leave.
    mutating func drain(_ index: Int, at now: MonotonicInstant) {
        guard workers[index].isStaying else { return }
        if let pid = workers[index].pid { effects.append(.send(.terminate, pid: pid)) }
        leave(index, .draining(until: now + configuration.shutdownTimeout + Self.drainMargin))
    }

    mutating func beganDraining(_ pid: Int32, at now: MonotonicInstant) {
        guard let index = workers.index(of: pid), workers[index].isStaying else { return }
        say(.warning, "worker leaves unasked", workers[index].fields)
        leave(index, .draining(until: now + configuration.shutdownTimeout + Self.drainMargin))
    }

    private mutating func leave(_ index: Int, _ phase: WorkerHandle.Phase) {
        workers[index].phase = phase
        workers[index].expiresAt = nil
        workers.forgetPredecessor(in: workers[index].slot)
    }

    /// The worker has had all the time it gets in its phase.
    mutating func deadlineExpired(of index: Int, at now: MonotonicInstant) {
        guard let pid = workers[index].pid else { return }
        switch workers[index].phase {
        case .ready: break
        case .booting: abort(index, for: .boot, at: now)
        case .draining:
            workers[index].phase = .aborting(.drain, until: now + Self.killTime)
            effects.append(.send(.kill, pid: pid))
        case .aborting(let fault, _):
            workers[index].phase = .aborting(fault, until: now + Self.killTime)
            effects.append(.send(.kill, pid: pid))
        }
    }

    /// Lets a worker write down where it is, and die.
    mutating func abort(_ index: Int, for fault: WorkerHandle.Fault, at now: MonotonicInstant) {
        let worker = workers[index]
        guard let pid = worker.pid else { return }
        leave(index, .aborting(fault, until: now + Self.abortTime))
        effects.append(.send(.abort, pid: pid))
        if fault == .boot { bootFailed(worker, how: fault.words, at: now) }
    }

    mutating func exited(_ pid: Int32, _ exit: WorkerExit, at now: MonotonicInstant) {
        guard let index = workers.index(of: pid) else { return }
        let worker = workers.remove(at: index)
        let report = ExitReport(worker: worker, exit: exit)
        say(report.level, "worker exited", worker.fields + report.fields(at: now))
        for requests in report.furtherRequests {
            say(report.level, "worker exited in further requests", worker.fields + [.text("otherRequests", requests)])
        }
        if exit.droppedLogLines > 0 {
            // In the words in which it would have said so itself.
            say(.warning, "log lines dropped", [.integer("count", exit.droppedLogLines), .integer("pid", pid)])
        }
        let wasKilled = report.isForDrainTime
        roll?.predecessorLeft(pid: pid, drained: exit.requestsWhileDraining, wasKilled: wasKilled)

        let respawn = worker.spec.role.respawn
        switch worker.phase {
        case .booting:
            if respawn.successor(after: exit, served: nil) == .afterBackoff {
                bootFailed(worker, how: exit.words, at: now)
            }
        case .ready(let since):
            if respawn.successor(after: exit, served: now - since) == .afterBackoff {
                forks.ledger.fail(worker.number, at: now, random: &random)
            }
        case .draining, .aborting: if wasKilled && isStopping { stop.killed += 1 }
        }
    }

    private mutating func bootFailed(_ worker: WorkerHandle, how: String, at now: MonotonicInstant) {
        guard !isStopping else { return }
        forks.ledger.fail(worker.number, at: now, random: &random)
        let failures = forks.ledger.failures(of: worker.number)
        if worker.predecessor != nil { successorFailed(worker, how: how, at: now) }
        guard failures >= configuration.bootAttempts else { return }
        if !hasServed && life == .serving { return giveUp(how: how, at: now) }
        guard reportedUnbootable.insert(worker.number).inserted else { return }
        say(
            .error,
            "worker cannot boot",
            [
                .integer("number", worker.number), .integer("attempts", failures), .text("how", how),
                .integer("ready", workers.ready),
                .text("todo", "The service goes on with the workers it has. Look for the worker's own error above."),
            ]
        )
    }

    // MARK: - Being replaced

    /// Marks a worker for replacement. It serves until its successor is ready.
    mutating func renew(_ pid: Int32, because reason: WorkerHandle.Renewal) {
        guard let index = workers.index(of: pid), workers[index].isStaying, workers[index].renewal == nil else {
            return
        }
        workers[index].renewal = reason
        guard reason != .roll else { return }
        say(.info, "worker to be replaced", workers[index].fields + [.text("because", reason.words)])
    }

    // MARK: - Looking around

    /// How many looks in a row a worker must be too big: one look may fall on a large answer.
    private static let oversizeLooks = 3

    mutating func lookAround(at now: MonotonicInstant) {
        guard !isStopping else { return }
        let look = looks.take(at: now)
        guard look.isDue else { return }
        effects.append(.observe(workers.filter(\.isStaying).compactMap(\.pid), memory: look.memory))
    }

    mutating func judge(_ observation: Observation, at now: MonotonicInstant) {
        guard !isStopping else { return }
        for sample in observation.workers {
            guard let index = workers.index(of: sample.pid), workers[index].isStaying else { continue }
            if looks.isOverdue(sample, at: now) {
                abort(index, for: .request, at: now)
                continue
            }
            if let memory = sample.memory { weigh(index, memory: memory) }
            looks.lookAgain(at: sample)
        }
        followLoad(observation)
    }

    private mutating func weigh(_ index: Int, memory: Int) {
        guard let limit = configuration.maximumMemory else { return }
        workers[index].oversizeSamples = memory > limit ? workers[index].oversizeSamples + 1 : 0
        if workers[index].oversizeSamples >= Self.oversizeLooks, let pid = workers[index].pid {
            renew(pid, because: .memory)
        }
    }

    // MARK: - Size

    private mutating func followLoad(_ observation: Observation) {
        guard life == .serving, roll == nil else { return }
        let busy = observation.workers.count { sample in
            sample.isBusy && workers.index(of: sample.pid).map { workers[$0].isReady } == true
        }
        let waiting = observation.workers.reduce(observation.waiting) { $0 + $1.waiting }
        let sample = SizePolicy.Sample(ready: workers.ready, busy: busy, waiting: waiting)
        let wanted = sizer.target(for: sample, now: target)
        guard wanted != target else { return }
        resize(to: wanted, because: wanted > target ? "all workers are busy" : "the load is low")
    }

    /// The limits of the service may have changed. Until they do, what an operator ordered holds.
    mutating func follow(advice: Int) {
        guard life == .serving, advice != advised else { return }
        advised = advice
        resize(to: advice, because: "the service may use more or less than before")
    }

    /// Between which numbers orders can move the size: inside the range that follows the load, or freely without one.
    var bounds: ClosedRange<Int> {
        guard configuration.workers.count <= 1 else { return configuration.workers }
        return 1...max(1, min(Scoreboard.largestPool, configuration.workerLimit?.count ?? .max))
    }

    /// Changes how many workers there should be.
    mutating func resize(to count: Int, because reason: String) {
        let wanted = bounds.clamp(count)
        if let limit = configuration.workerLimit, count > limit.count {
            say(
                .warning,
                "size limited",
                [.integer("asked", count), .integer("to", wanted), .text("because", limit.reason)]
            )
        }
        guard wanted != target else { return }
        say(.info, "size changed", [.integer("from", target), .integer("to", wanted), .text("because", reason)])
        target = wanted
    }

    /// Lets go those that are too many, the highest numbers first.
    mutating func shrinkToTarget(at now: MonotonicInstant) {
        for index in workers.indices where workers[index].isStaying && workers[index].number > target {
            drain(index, at: now)
        }
    }
}

extension ClosedRange {
    /// The value in the range that is nearest to another.
    func clamp(_ value: Bound) -> Bound { Swift.min(Swift.max(value, lowerBound), upperBound) }
}
