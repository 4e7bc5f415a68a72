import Linux

/// What the supervisor knows of its companion, and what follows from what happens to it.
struct CompanionState: Equatable {
    /// Where it writes: not where that of a former program does.
    let slot: Int
    /// `nil` for a service without one; there may still be that of a former program, which is to leave.
    private let role: ChildRole?
    /// The one that has not been reaped.
    private var handle: WorkerHandle?
    /// That of a former program, which serves on until this program's does.
    private var former: WorkerHandle?
    /// How often in a row it died young, and when the next may be forked because of that.
    private var failures = 0
    private var notBefore: MonotonicInstant?

    /// How long it may take to finish what it answers. It leaves last, and whoever stops the service waits for that.
    private static let drainTime = Duration.milliseconds(500)
    /// How long until one that was killed is killed again.
    private static let killTime = Duration.seconds(5)

    /// - Parameter former: that of a former program.
    init(_ configuration: SupervisorConfiguration, former: CompanionProcess?, at now: MonotonicInstant) {
        slot = Scoreboard.companionSlots.last { $0 != former?.slot } ?? Scoreboard.companionSlots.lowerBound
        role = configuration.companionName.map { ChildRole(name: $0, respawn: .always(configuration.backoff)) }
        guard let former else { return }
        let role = role ?? ChildRole(name: "companion", respawn: .never)
        let spec = WorkerSpec(slot: former.slot, number: 0, generation: 1, role: role)
        self.former = WorkerHandle(spec, .ready(since: now), at: now)
        self.former?.pid = former.pid
    }

    /// Its process id, when it runs.
    var pid: Int32? { handle?.pid }

    /// That of a former program, as long as it runs.
    var formerProcess: CompanionProcess? { Self.process(former) }

    /// The one that the next program is to be told of.
    var serving: CompanionProcess? { Self.process(handle) ?? formerProcess }

    private static func process(_ handle: WorkerHandle?) -> CompanionProcess? {
        handle.flatMap { handle in handle.pid.map { CompanionProcess(pid: $0, slot: handle.slot) } }
    }

    /// Whether there is one, and still that of a former program.
    var isDouble: Bool { handle != nil && former != nil }

    /// Whether there is one that has not been reaped.
    var isAlive: Bool { handle != nil || former != nil }

    /// When its time to boot or to leave is up.
    var deadline: MonotonicInstant? { [handle?.deadline, former?.deadline].compactMap(\.self).min() }

    /// When another one may come that had to wait.
    var nextTry: MonotonicInstant? { handle == nil ? notBefore : nil }

    // MARK: - Coming

    /// Forks one where there is none and there should be.
    mutating func come(generation: Int, bootTimeout: Duration, at now: MonotonicInstant) -> [Effect] {
        guard let role, handle == nil, notBefore ?? now <= now else { return [] }
        let spec = WorkerSpec(slot: slot, number: 0, generation: generation, role: role)
        handle = WorkerHandle(spec, .booting(until: now + bootTimeout), at: now)
        notBefore = nil
        return [.fork(spec)]
    }

    mutating func forked(_ pid: Int32) -> [Effect] {
        guard let handle, handle.pid == nil else { return [] }
        self.handle?.pid = pid
        // It may have been told to leave before its fork was confirmed.
        return handle.isDraining ? [.send(.terminate, pid: pid)] : []
    }

    mutating func forkFailed(reason: String, at now: MonotonicInstant) -> [Effect] {
        guard let name = handle?.spec.role.name else { return [] }
        handle = nil
        notBefore = now + .seconds(1)
        return [.notice(Notice(.error, "fork failed", [.text("process", name), .text("reason", reason)]))]
    }

    /// Now a former program's may leave.
    mutating func becameReady(at now: MonotonicInstant) -> [Effect] {
        guard handle?.isBooting == true else { return [] }
        handle?.phase = .ready(since: now)
        return relieveFormer(at: now)
    }

    // MARK: - Going

    /// The service goes on without a successor for a former program's.
    var hasNoSuccessor: Bool { role == nil }

    /// Tells all that there are to leave. Being told again changes nothing.
    mutating func leave(atOnce: Bool, at now: MonotonicInstant) -> [Effect] {
        Self.leave(&handle, atOnce: atOnce, at: now) + Self.leave(&former, atOnce: atOnce, at: now)
    }

    /// Tells a former program's to leave.
    mutating func relieveFormer(at now: MonotonicInstant) -> [Effect] {
        Self.leave(&former, atOnce: false, at: now)
    }

    private static func leave(_ handle: inout WorkerHandle?, atOnce: Bool, at now: MonotonicInstant) -> [Effect] {
        guard let staying = handle, staying.isStaying else { return [] }
        handle?.phase = .draining(until: now + drainTime)
        return staying.pid.map { [.send(atOnce ? .quit : .terminate, pid: $0)] } ?? []
    }

    /// Whose time to boot or to leave is up.
    mutating func expire(at now: MonotonicInstant) -> [Effect] {
        Self.expire(&handle, at: now) + Self.expire(&former, at: now)
    }

    private static func expire(_ handle: inout WorkerHandle?, at now: MonotonicInstant) -> [Effect] {
        guard let deadline = handle?.deadline, deadline <= now, let pid = handle?.pid else { return [] }
        let fault: WorkerHandle.Fault = handle?.isBooting == true ? .boot : .drain
        handle?.phase = .aborting(fault, until: now + killTime)
        return [.send(.kill, pid: pid)]
    }

    /// A former program's has left.
    mutating func formerExited(_ exit: WorkerExit, at now: MonotonicInstant) -> [Effect] {
        guard let former else { return [] }
        self.former = nil
        return [Self.notice(of: former, exit, at: now)]
    }

    private static func notice(of handle: WorkerHandle, _ exit: WorkerExit, at now: MonotonicInstant) -> Effect {
        let report = ExitReport(worker: handle, exit: exit)
        let identity: [Notice.Field] = [.text("process", handle.spec.role.name), .integer("pid", handle.pid ?? 0)]
        return .notice(Notice(report.level, "companion exited", identity + report.fields(at: now)))
    }

    mutating func exited(_ exit: WorkerExit, at now: MonotonicInstant, random: inout SplitMix64) -> [Effect] {
        guard let handle else { return [] }
        self.handle = nil
        var served: Duration?
        if case .ready(let since) = handle.phase { served = now - since }
        if handle.isDraining || handle.spec.role.respawn.successor(after: exit, served: served) == .atOnce {
            failures = 0
        } else if case .always(let backoff) = handle.spec.role.respawn {
            failures += 1
            notBefore = now + backoff.wait(afterFailures: failures, random: &random)
        }
        return [Self.notice(of: handle, exit, at: now)]
    }

    /// All waits are over that much later.
    mutating func shift(by duration: Duration) {
        handle?.extendDeadline(by: duration)
        former?.extendDeadline(by: duration)
        notBefore = notBefore.map { $0 + duration }
    }
}
