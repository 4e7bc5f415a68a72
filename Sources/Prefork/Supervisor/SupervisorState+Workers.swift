/// The life of workers: from the fork to the exit.
extension SupervisorState {
    /// A worker that was ready this long is not in a crash loop.
    private static let provenAfter = Duration.seconds(1)
    /// How much longer than a worker itself the supervisor waits, so that a worker can end by its own clock and say so.
    private static let courtesy = Duration.milliseconds(500)
    /// How long a worker that was told to die may take to write down where it was.
    private static let lastWordsTime = Duration.seconds(1)

    var staffed: [WorkerHandle] { workers.filter(\.isStaffed) }

    /// The most processes at any time: every worker may have a predecessor that still leaves, and one comes before one goes.
    var processLimit: Int {
        min(Scoreboard.capacity, 2 * max(configuration.workers.upperBound, target) + 1)
    }

    mutating func start(at now: MonotonicInstant) {
        scheduleLooks(at: now)
        guard !workers.isEmpty else { return }
        say(.info, "upgrade taken over", [.integer("workers", workers.count)])
        beginRoll(at: now)
    }

    // MARK: - Coming

    /// Forks workers for the places that nobody holds.
    mutating func fillPlaces(at now: MonotonicInstant) {
        var taken = Set(workers.filter(\.isStaying).map(\.number))
        var places = target - staffed.count
        var number = 0
        while places > 0 && number < target {
            number += 1
            guard !taken.contains(number) else { continue }
            guard workers.count < processLimit else { return }
            guard mayFork(number, at: now) else { continue }
            fork(number: number, replacing: nil, at: now)
            taken.insert(number)
            places -= 1
        }
    }

    /// Whether the worker's own backoff, the system and the fork budget allow it now. If not, says when to ask again.
    mutating func mayFork(_ number: Int, at now: MonotonicInstant) -> Bool {
        for wait in [ledger.notBefore(number), forksResumeAt].compactMap(\.self) where wait > now {
            retry(at: wait)
            return false
        }
        guard budget.take(at: now) else {
            budget.nextToken.map { retry(at: $0) }
            return false
        }
        return true
    }

    mutating func fork(number: Int, replacing predecessor: Int?, at now: MonotonicInstant) {
        guard let slot = vacantSlot else { return }
        var worker = WorkerHandle(slot: slot, number: number, generation: generation, forkedAt: now)
        // Set before the fork: a worker that hangs in its first instruction is late like any other.
        worker.deadline = now + configuration.bootTimeout
        worker.predecessor = predecessor
        workers.append(worker)
        effects.append(.fork(Birth(slot: slot, number: number, generation: generation)))
    }

    var vacantSlot: Int? {
        let taken = Set(workers.map(\.slot))
        return (0..<Scoreboard.capacity).first { !taken.contains($0) }
    }

    mutating func forked(slot: Int, pid: Int32, at now: MonotonicInstant) {
        guard let index = workers.firstIndex(where: { $0.slot == slot && $0.pid == nil }) else { return }
        workers[index].pid = pid
        say(.info, "worker started", workers[index].fields)
        // It may have been told to leave before its fork was confirmed.
        if workers[index].phase == .leaving { effects.append(.send(.terminate, pid: pid)) }
    }

    mutating func forkFailed(slot: Int, reason: String, at now: MonotonicInstant) {
        guard let index = workers.firstIndex(where: { $0.slot == slot && $0.pid == nil }) else { return }
        let worker = workers.remove(at: index)
        forksResumeAt = now + .seconds(1)
        say(.error, "fork failed", [.integer("number", worker.number), .text("reason", reason)])
    }

    mutating func becameReady(_ pid: Int32, at now: MonotonicInstant) {
        guard let index = index(of: pid), workers[index].phase == .booting else { return }
        workers[index].phase = .ready
        workers[index].readyAt = now
        workers[index].deadline = nil
        if let age = configuration.maximumAge {
            workers[index].expiresAt = now + age * Double.random(in: 0.9...1, using: &random)
        }
        let worker = workers[index]
        ledger.succeed(worker.number)
        saidUnbootable.remove(worker.number)
        someWorkerBecameReady = true
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
        leave(old, at: now)
    }

    mutating func sayReady(at now: MonotonicInstant) {
        let ready = workers.count { $0.phase == .ready }
        guard !saidReady, ready >= target, roll == nil else { return }
        saidReady = true
        say(.info, "ready", identity + [.integer("workers", ready), .duration("took", now - startedAt)])
    }

    // MARK: - Going

    /// Tells a worker to leave.
    mutating func leave(_ index: Int, at now: MonotonicInstant) {
        guard workers[index].isStaying else { return }
        if let pid = workers[index].pid { effects.append(.send(.terminate, pid: pid)) }
        startLeaving(index, at: now)
    }

    private mutating func startLeaving(_ index: Int, at now: MonotonicInstant) {
        workers[index].phase = .leaving
        workers[index].deadline = now + configuration.shutdownTimeout + Self.courtesy
        workers[index].expiresAt = nil
        let slot = workers[index].slot
        // A successor whose predecessor goes early has a place of its own from now on.
        forgetPredecessor(in: slot)
    }

    private mutating func forgetPredecessor(in slot: Int) {
        for index in workers.indices where workers[index].predecessor == slot { workers[index].predecessor = nil }
    }

    mutating func beganLeaving(_ pid: Int32, at now: MonotonicInstant) {
        guard let index = index(of: pid), workers[index].isStaying else { return }
        say(.warning, "worker leaves unasked", workers[index].fields)
        startLeaving(index, at: now)
    }

    /// The worker in this state has had all the time it gets.
    mutating func losePatience(with index: Int, at now: MonotonicInstant) {
        guard let pid = workers[index].pid else { return }
        switch workers[index].phase {
        case .booting: abort(index, for: .boot, at: now)
        case .leaving:
            workers[index].phase = .dying(.leave)
            fallthrough
        case .dying:
            effects.append(.send(.kill, pid: pid))
            // Only a process that the kernel itself holds outlives this. Ask again, without hurry.
            workers[index].deadline = now + .seconds(5)
        case .ready: workers[index].deadline = nil
        }
    }

    /// Lets a worker write down where it is, and die.
    mutating func abort(_ index: Int, for fault: WorkerHandle.Fault, at now: MonotonicInstant) {
        guard let pid = workers[index].pid else { return }
        let predecessor = workers[index].predecessor
        startLeaving(index, at: now)
        workers[index].predecessor = predecessor
        workers[index].phase = .dying(fault)
        workers[index].deadline = now + Self.lastWordsTime
        effects.append(.send(.abort, pid: pid))
        if fault == .boot { bootFailed(workers[index], how: workers[index].faultWords ?? "", at: now) }
    }

    mutating func exited(_ pid: Int32, _ death: Death, at now: MonotonicInstant) {
        guard let index = index(of: pid) else { return }
        let worker = workers.remove(at: index)
        forgetPredecessor(in: worker.slot)
        say(level(of: worker, death), "worker exited", worker.fields + fields(of: worker, death, at: now))
        if death.droppedLogLines > 0 {
            // In the words in which it would have said so itself.
            say(.warning, "log lines dropped", [.integer("count", death.droppedLogLines), .integer("pid", pid)])
        }
        let wasKilled = worker.phase == .dying(.leave) || death.isDrainExpired
        roll?.predecessorLeft(pid: pid, drained: death.requestsWhileDraining, wasKilled: wasKilled)

        switch worker.phase {
        case .booting: bootFailed(worker, how: death.words, at: now)
        case .ready: crashed(worker, death, at: now)
        case .leaving, .dying: if wasKilled && isStopping { stop.killed += 1 }
        }
    }

    private mutating func bootFailed(_ worker: WorkerHandle, how: String, at now: MonotonicInstant) {
        guard !isStopping else { return }
        ledger.fail(worker.number, at: now, random: &random)
        let failures = ledger.failures(of: worker.number)
        if worker.predecessor != nil { successorFailed(worker, how: how, at: now) }
        guard failures >= configuration.bootAttempts else { return }
        if !someWorkerBecameReady && life == .serving { return giveUp(how: how, at: now) }
        guard saidUnbootable.insert(worker.number).inserted else { return }
        say(
            .error,
            "worker cannot boot",
            [
                .integer("number", worker.number), .integer("attempts", failures), .text("how", how),
                .integer("ready", workers.count { $0.phase == .ready }),
                .text("todo", "The service goes on with the workers it has. Look for the worker's own error above."),
            ]
        )
    }

    /// A worker that served is replaced at once. One that dies as soon as it is ready waits like one that cannot boot.
    private mutating func crashed(_ worker: WorkerHandle, _ death: Death, at now: MonotonicInstant) {
        let age = worker.readyAt.map { now - $0 } ?? .zero
        let wasKilledFromOutside = death.cause == .killed(signal: 9) && !death.isOutOfMemory
        if age >= Self.provenAfter || death.requests > 0 || death.isGraceful || wasKilledFromOutside { return }
        ledger.fail(worker.number, at: now, random: &random)
    }

    // MARK: - Being replaced

    /// Marks a worker for replacement. It serves until its successor is ready.
    mutating func renew(_ pid: Int32, because reason: WorkerHandle.Renewal) {
        guard let index = index(of: pid), workers[index].isStaying, workers[index].renewal == nil else { return }
        workers[index].renewal = reason
        guard reason != .roll else { return }
        say(.info, "worker to be replaced", workers[index].fields + [.text("because", reason.words)])
    }

    /// Forks successors for workers that are to be replaced, a few at a time.
    mutating func startSuccessors(at now: MonotonicInstant) {
        // Successors of this program would only hold the next one up.
        guard upgrade != .rehearsed && upgrade != .takingOver else { return }
        let succeeded = Set(workers.filter(\.isSuccessor).compactMap(\.predecessor))
        var room = configuration.rollWidth - workers.count(where: \.isSuccessor)
        let due = workers.filter { $0.phase == .ready && $0.renewal != nil && !succeeded.contains($0.slot) }
        // A worker at a limit of its own is more urgent than one that is merely of yesterday.
        let urgent = due.sorted { ($0.renewal == .roll ? 1 : 0, $0.number) < ($1.renewal == .roll ? 1 : 0, $1.number) }
        for worker in urgent where room > 0 {
            // The last free process is kept for the replacement of one that crashes.
            guard workers.count < processLimit - 1 else { return }
            guard mayFork(worker.number, at: now) else { continue }
            fork(number: worker.number, replacing: worker.slot, at: now)
            room -= 1
        }
    }

    // MARK: - Size

    /// Between which numbers orders can move the size: inside the range that follows the load, or freely without one.
    var bounds: ClosedRange<Int> {
        configuration.workers.count > 1 ? configuration.workers : 1...Scoreboard.largestPool
    }

    /// Changes how many workers there should be.
    mutating func resize(to count: Int, because reason: String) {
        let wanted = bounds.clamp(count)
        guard wanted != target else { return }
        say(.info, "size changed", [.integer("from", target), .integer("to", wanted), .text("because", reason)])
        target = wanted
    }

    /// Lets go those that are too many, the highest numbers first.
    mutating func shrinkToTarget(at now: MonotonicInstant) {
        for index in workers.indices where workers[index].isStaying && workers[index].number > target {
            leave(index, at: now)
        }
    }

    // MARK: - Words

    private func level(of worker: WorkerHandle, _ death: Death) -> Notice.Level {
        switch worker.phase {
        case .leaving: death.isGraceful || death.isImmediate ? .info : .warning
        case .ready: death.isGraceful ? .warning : .error
        case .booting, .dying: .error
        }
    }

    private func fields(of worker: WorkerHandle, _ death: Death, at now: MonotonicInstant) -> [Notice.Field] {
        var fields: [Notice.Field] = [.text("how", worker.words(for: death)), .integer("requests", death.requests)]
        if death.requestsWhileDraining > 0 { fields.append(.integer("drainedRequests", death.requestsWhileDraining)) }
        fields.append(.duration("age", now - worker.forkedAt))
        if let request = death.lastRequest {
            fields += [.text("request", request.label), .text("requestId", request.id)]
            if let startedAt = request.startedAt { fields.append(.duration("runningFor", now - startedAt)) }
            if request.isTorn { fields.append(.flag("torn", true)) }
        }
        if !death.backtrace.isEmpty { fields.append(.text("backtrace", death.backtrace.joined(separator: "\n"))) }
        return fields
    }

    // MARK: - Small change

    func index(of pid: Int32) -> Int? { workers.firstIndex { $0.pid == pid } }

    mutating func retry(at time: MonotonicInstant) { retryAt = min(retryAt ?? time, time) }
}

extension WorkerHandle {
    /// How it ended, as seen from what was expected of it.
    func words(for death: Death) -> String {
        switch phase {
        case .leaving where death.isGraceful: "left as told"
        case .leaving where death.isImmediate: "left at once as told"
        case .leaving where death.isDrainExpired: "killed: still busy when the time to leave was up"
        case .dying: faultWords ?? death.words
        case .booting, .ready, .leaving: death.words
        }
    }

    /// Why it was killed.
    var faultWords: String? {
        switch phase {
        case .dying(.leave): "killed: still busy when the time to leave was up"
        case .dying(.boot): "killed: not ready when the time to boot was up"
        case .dying(.request): "killed: its request was still running after its deadline"
        case .booting, .ready, .leaving: nil
        }
    }
}

extension WorkerHandle.Renewal {
    var words: String {
        switch self {
        case .roll: "a roll was ordered"
        case .limit: "it reached its limit of requests"
        case .age: "it reached the greatest age"
        case .memory: "it uses too much memory"
        }
    }
}

extension ClosedRange {
    /// The value in the range that is nearest to another.
    func clamp(_ value: Bound) -> Bound { Swift.min(Swift.max(value, lowerBound), upperBound) }
}
