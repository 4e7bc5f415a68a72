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

    var life = Life.serving
    var workers: [WorkerHandle]
    /// How many workers there should be.
    var target: Int
    /// The generation of workers that are forked now.
    var generation: Int
    var roll: Roll?
    /// Another roll was ordered while one was under way.
    var rollsAgain = false
    var upgrade = Upgrade.none

    var ledger: BootLedger
    var budget: ForkBudget
    var sizer: SizePolicy
    var random: SplitMix64
    let startedAt: MonotonicInstant

    var someWorkerBecameReady: Bool
    var saidReady = false
    /// Numbers of which it was said that they cannot boot.
    var saidUnbootable: Set<Int> = []

    /// Nobody is aborted for a request before this, because we ourselves were away.
    var mercyUntil: MonotonicInstant?
    /// When to look around next.
    var nextLook: MonotonicInstant?
    var nextMemoryLook: MonotonicInstant?
    /// When something that had to wait can be tried again.
    var retryAt: MonotonicInstant?
    /// No fork before this, because the system refused one.
    var forksResumeAt: MonotonicInstant?

    var stop = StopProgress()
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
        seed: UInt64,
        at now: MonotonicInstant
    ) {
        self.configuration = configuration
        self.identity = identity
        self.listenerIsShared = listenerIsShared
        self.workers = workers
        self.generation = generation
        self.target = configuration.initialWorkers
        someWorkerBecameReady = !workers.isEmpty
        ledger = BootLedger(backoff: configuration.backoff, longest: configuration.longestBackoff)
        budget = ForkBudget(
            perSecond: configuration.forksPerSecond,
            burst: 2 * configuration.workers.upperBound + 10
        )
        sizer = SizePolicy(range: configuration.workers)
        random = SplitMix64(seed: seed)
        startedAt = now
        if let target { self.target = bounds.clamp(target) }
    }

    /// What follows from an event.
    mutating func handle(_ event: Event, at now: MonotonicInstant) -> [Effect] {
        guard life != .finished else { return [] }
        switch event {
        case .started: start(at: now)
        case .forked(let slot, let pid): forked(slot: slot, pid: pid, at: now)
        case .forkFailed(let slot, let reason): forkFailed(slot: slot, reason: reason, at: now)
        case .becameReady(let pid): becameReady(pid, at: now)
        case .askedForReplacement(let pid): renew(pid, because: .limit)
        case .beganLeaving(let pid): beganLeaving(pid, at: now)
        case .exited(let pid, let death): exited(pid, death, at: now)
        case .ordered(let order): obey(order, at: now)
        case .timer: passDeadlines(at: now)
        case .overslept(let duration): forgive(duration, at: now)
        case .observed(let observation): judge(observation, at: now)
        case .backlog(let waiting, let handshakes): backlog(waiting: waiting, handshakes: handshakes, at: now)
        case .rehearsing(let pid): rehearsing(pid, at: now)
        case .rehearsalEnded(let failure): rehearsalEnded(failure: failure)
        case .takeoverFailed(let reason): abandonUpgrade(because: reason, at: now)
        }
        settle(at: now)
        defer { effects = [] }
        return effects
    }

    /// When ``Event/timer`` is due, `nil` when nothing waits for time to pass.
    var nextDeadline: MonotonicInstant? {
        guard life != .finished else { return nil }
        var deadlines = workers.compactMap(\.deadline)
        if let retryAt { deadlines.append(retryAt) }
        switch life {
        case .serving: break
        case .delaying(let until): deadlines.append(until)
        case .stopping, .finished: return (deadlines + [stop.inspectAt, upgrade.deadline].compactMap(\.self)).min()
        }
        deadlines += workers.compactMap { $0.renewal == nil ? $0.expiresAt : nil }
        deadlines += [nextLook, nextMemoryLook, upgrade.deadline].compactMap(\.self)
        return deadlines.min()
    }

    private mutating func obey(_ order: Order, at now: MonotonicInstant) {
        switch order {
        case .stop: beginStop(at: now)
        case .stopNow: stopAtOnce(at: now)
        case .roll where life == .serving: beginRoll(at: now)
        case .grow where life == .serving: resize(to: target + 1, because: "ordered")
        case .shrink where life == .serving: resize(to: target - 1, because: "ordered")
        case .upgrade where life == .serving: beginUpgrade()
        case .roll, .grow, .shrink, .upgrade: break
        }
    }

    /// All that is late is dealt with.
    private mutating func passDeadlines(at now: MonotonicInstant) {
        for index in workers.indices {
            if let deadline = workers[index].deadline, deadline <= now { losePatience(with: index, at: now) }
            if let expiresAt = workers[index].expiresAt, expiresAt <= now, let pid = workers[index].pid {
                renew(pid, because: .age)
            }
        }
        if case .delaying(let until) = life, until <= now { stopWorkers(at: now) }
        lookAround(at: now)
        expireUpgrade(at: now)
        if let inspectAt = stop.inspectAt, inspectAt <= now { stop.inspectAt = nil }
    }

    /// We were away: nobody is late because of that.
    private mutating func forgive(_ duration: Duration, at now: MonotonicInstant) {
        for index in workers.indices {
            workers[index].deadline = workers[index].deadline.map { $0 + duration }
        }
        switch life {
        case .delaying(let until): life = .delaying(until: until + duration)
        case .stopping(let until): life = .stopping(until: until + duration)
        case .serving, .finished: break
        }
        ledger.shift(by: duration)
        upgrade.shift(by: duration)
        mercyUntil = now + (configuration.abortDelay ?? .zero)
        say(.warning, "supervisor was suspended", [.duration("time", duration)])
    }

    /// Brings what is closer to what should be.
    private mutating func settle(at now: MonotonicInstant) {
        retryAt = nil
        switch life {
        case .serving, .delaying:
            shrinkToTarget(at: now)
            fillPlaces(at: now)
            takeOverWhenAllAreReady(at: now)
            startSuccessors(at: now)
            finishRoll(at: now)
            sayReady(at: now)
        case .stopping:
            // A rehearsal leaves as the workers do, and is killed as they are when its time is up.
            if case .rehearsing = upgrade { abandonUpgrade(because: "the service stops", at: now) }
            if !upgrade.isRehearsing { finishStop(at: now) }
        case .finished:
            break
        }
    }

    mutating func say(_ level: Notice.Level, _ message: String, _ fields: [Notice.Field] = []) {
        effects.append(.notice(Notice(level, message, fields)))
    }
}
