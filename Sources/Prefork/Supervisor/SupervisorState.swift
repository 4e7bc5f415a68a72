import Linux

/// All that a supervisor knows and decides, without a single system call.
///
/// The driver feeds it what happens (``Event``) and does what it answers (``Effect``). Given the same events at the same
/// times it always decides the same, so every race is a test without processes.
struct SupervisorState {
    /// Where in its life the service is.
    enum Life: Equatable {
        case serving
        /// Told to stop, and still serving until then, so that balancers can look elsewhere.
        case delaying(until: MonotonicInstant)
        /// Workers finish their requests, at the latest by then.
        case stopping(until: MonotonicInstant)
        case finished
    }

    let configuration: SupervisorConfiguration
    /// What the `ready` notice says besides the number of workers: where the service listens.
    let identity: [Notice.Field]
    /// Whether the listener outlives this service, so that its queue is not ours to empty.
    let listenerIsShared: Bool
    let startedAt: MonotonicInstant

    var life = Life.serving
    var workers: WorkerTable
    /// How many workers there should be.
    var target: Int
    /// The generation of workers that are forked now.
    var generation: Int
    /// Whether a worker ever became ready.
    var hasServed: Bool
    var saidReady = false
    /// Numbers of which it was said that they cannot boot.
    var reportedUnbootable: Set<Int> = []

    var forks: ForkGate
    var sizer: SizePolicy
    var looks: LookSchedule
    /// When to ask how many workers the limits of the service call for, and what the answer was last.
    var advice: Recurrence
    var advised: Int
    /// When to make the periodic report.
    var report: Recurrence
    var random: SplitMix64
    var roll: Roll?
    var upgrade = Upgrade()
    var stop = Stop()
    var companion: CompanionState

    /// What the event being handled led to so far.
    var effects: [Effect] = []

    /// A service that begins, or, with the workers of a former program, one that goes on after an upgrade.
    init(
        adopting workers: [WorkerHandle] = [],
        generation: Int = 1,
        target: Int? = nil,
        configuration: SupervisorConfiguration,
        identity: [Notice.Field] = [],
        listenerIsShared: Bool = false,
        formerCompanion: CompanionProcess? = nil,
        seed: UInt64,
        at now: MonotonicInstant
    ) {
        self.configuration = configuration
        self.identity = identity
        self.listenerIsShared = listenerIsShared
        self.workers = WorkerTable(workers)
        self.generation = generation
        self.target = configuration.workers.lowerBound
        hasServed = !workers.isEmpty
        forks = ForkGate(configuration)
        sizer = SizePolicy(range: configuration.workers)
        looks = LookSchedule(configuration, followsLoad: sizer.isActive)
        advice = Recurrence(configuration.advisedWorkers.map { _ in Self.adviceInterval })
        advised = configuration.workers.lowerBound
        report = Recurrence(configuration.reportInterval)
        random = SplitMix64(seed: seed)
        startedAt = now
        companion = CompanionState(configuration, former: formerCompanion, at: now)
        if let target { self.target = bounds.clamp(target) }
    }

    /// What follows from an event.
    mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Effect] {
        guard life != .finished else { return [] }
        switch event {
        case .started: start(at: now)
        case .forked(let slot, let pid) where slot == companion.slot: effects += companion.forked(pid)
        case .forkFailed(let slot, let reason) where slot == companion.slot:
            effects += companion.forkFailed(reason: reason, at: now)
        case .becameReady(let pid) where pid == companion.pid: effects += companion.becameReady(at: now)
        case .exited(let pid, let exit) where pid == companion.pid:
            effects += companion.exited(exit, at: now, random: &random)
        case .exited(let pid, let exit) where pid == companion.formerProcess?.pid:
            effects += companion.formerExited(exit, at: now)
        case .forked(let slot, let pid): forked(slot: slot, pid: pid, at: now)
        case .forkFailed(let slot, let reason): forkFailed(slot: slot, reason: reason, at: now)
        case .becameReady(let pid): becameReady(pid, at: now)
        case .askedForReplacement(let pid): renew(pid, because: .limit)
        case .beganDraining(let pid): beganDraining(pid, at: now)
        case .exited(let pid, let exit): exited(pid, exit, at: now)
        case .ordered(let order): obey(order, at: now)
        case .timer: passDeadlines(at: now)
        case .overslept(let duration): forgive(duration, at: now)
        case .observed(let observation): judge(observation, at: now)
        case .advised(let count): follow(advice: count)
        case .backlog(let waiting, let handshakes, let mail):
            // The queue of a listener that outlives this service is somebody else's to empty, and who has never served does not
            // begin now. What is in a mailbox was accepted here.
            let (waiting, handshakes) = listenerIsShared || !hasServed ? (0, 0) : (waiting, handshakes)
            backlog(waiting: waiting + mail, handshakes: handshakes, at: now)
        case .preflightStarted(let pid):
            let time = configuration.bootTimeout + configuration.shutdownTimeout
            effects += upgrade.preflightStarted(pid, until: now + time)
        case .preflightEnded(let failure): effects += upgrade.preflightEnded(failure: failure)
        case .takeoverFailed(let reason): abandonUpgrade(because: reason, at: now)
        }
        settle(at: now)
        defer { effects = [] }
        return effects
    }

    // MARK: - What the driver asks

    /// When ``Event/timer`` is due, `nil` when nothing waits for time to pass.
    var nextDeadline: MonotonicInstant? {
        guard life != .finished else { return nil }
        var deadlines = workers.compactMap(\.deadline)
        deadlines += [forks.retryAt, upgrade.deadline, companion.deadline].compactMap(\.self)
        switch life {
        case .serving: break
        case .delaying(let until): deadlines.append(until)
        case .stopping, .finished: return (deadlines + [stop.nextDeadline].compactMap(\.self)).min()
        }
        deadlines += workers.compactMap { $0.renewal == nil ? $0.expiresAt : nil }
        deadlines += [looks.nextDeadline, advice.next, report.next, companion.nextTry].compactMap(\.self)
        return deadlines.min()
    }

    /// What the next program gets to know when it takes over. `nil` when it is not to, because a stop was ordered meanwhile.
    var handover: (target: Int, generation: Int, workers: [Handover.Worker], companion: Int32?)? {
        guard upgrade.phase == .takingOver else { return nil }
        return (target, generation, workers.compactMap(Handover.Worker.init), companion.serving?.pid)
    }

    // MARK: - What concerns all

    /// How often to ask. Limits are changed by people and by orchestrators that watch for minutes.
    private static let adviceInterval = Duration.seconds(5)

    private mutating func obey(_ order: Order, at now: MonotonicInstant) {
        switch order {
        case .stop: beginStop(at: now)
        case .stopNow: stopAtOnce(at: now)
        case .roll where life == .serving: beginRoll(at: now)
        case .grow where life == .serving: resize(to: target + 1, because: "ordered")
        case .shrink where life == .serving: resize(to: target - 1, because: "ordered")
        case .upgrade where life == .serving: effects += upgrade.begin()
        case .roll, .grow, .shrink, .upgrade: break
        }
    }

    /// All that is late is dealt with.
    private mutating func passDeadlines(at now: MonotonicInstant) {
        for index in workers.indices {
            if let deadline = workers[index].deadline, deadline <= now { deadlineExpired(of: index, at: now) }
            if let expiresAt = workers[index].expiresAt, expiresAt <= now, let pid = workers[index].pid {
                renew(pid, because: .age)
            }
        }
        if case .delaying(let until) = life, until <= now { stopWorkers(at: now) }
        lookAround(at: now)
        if !isStopping && advice.take(at: now) { effects.append(.askAdvice) }
        if !isStopping && report.take(at: now) { effects.append(.report) }
        effects += upgrade.expire(at: now)
        effects += companion.expire(at: now)
        stop.expire(at: now)
    }

    /// The supervisor was away: nobody is late because of that.
    private mutating func forgive(_ duration: Duration, at now: MonotonicInstant) {
        for index in workers.indices { workers[index].extendDeadline(by: duration) }
        switch life {
        case .delaying(let until): life = .delaying(until: until + duration)
        case .stopping(let until): life = .stopping(until: until + duration)
        case .serving, .finished: break
        }
        forks.ledger.shift(by: duration)
        upgrade.shift(by: duration)
        companion.shift(by: duration)
        looks.forgive(at: now)
        say(.warning, "supervisor was suspended", [.duration("time", duration)])
    }

    /// Brings what is closer to what should be.
    private mutating func settle(at now: MonotonicInstant) {
        forks.forgetWaits()
        switch life {
        case .serving, .delaying:
            // First of all, so that it is there when the first worker is not ready yet.
            effects += companion.come(generation: generation, bootTimeout: configuration.bootTimeout, at: now)
            shrinkToTarget(at: now)
            fillPlaces(at: now)
            takeOverWhenAllAreReady(at: now)
            startSuccessors(at: now)
            finishRoll(at: now)
            sayReady(at: now)
            if configuration.stopsWhenReady && hasServed { beginStop(at: now) }
        case .stopping:
            // A preflight leaves as the workers do, and is killed as they are when its time is up.
            if case .preflight = upgrade.phase { abandonUpgrade(because: "the service stops", at: now) }
            if !upgrade.hasPreflight { finishStop(at: now) }
        case .finished:
            break
        }
    }

    private mutating func takeOverWhenAllAreReady(at now: MonotonicInstant) {
        guard upgrade.phase == .passed, !workers.contains(where: \.isBooting) else { return }
        // The next program is told of one companion alone: of another it would never be rid.
        guard !companion.isDouble else {
            self.effects += companion.relieveFormer(at: now)
            return
        }
        let effects = upgrade.takeOver()
        breakOffRoll(because: "the next program replaces all workers", at: now)
        self.effects += effects
    }

    mutating func abandonUpgrade(because reason: String, at now: MonotonicInstant) {
        let timeout = stop.isQuick ? nil : configuration.shutdownTimeout
        effects += upgrade.abandon(because: reason, timeout: timeout, at: now)
    }

    mutating func say(_ level: Notice.Level, _ message: String, _ fields: [Notice.Field] = []) {
        effects.append(.notice(Notice(level, message, fields)))
    }
}
