import Linux

@testable import Prefork

/// A supervisor on a stage: its clock, its workers and its kernel are the test's, and all it does is written down.
struct Stage {
    private(set) var state: SupervisorState
    private(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    /// What the kernel answers.
    var refusesForks = false
    var waiting = 0
    var handshakes = 0
    var mail = 0
    /// What the limits of the service call for.
    var advice: Int?

    /// What the supervisor did.
    private(set) var specs: [Int32: WorkerSpec] = [:]
    private(set) var signals: [Signal] = []
    private(set) var notices: [Notice] = []
    private(set) var others: [Effect] = []
    private(set) var exitCode: ExitCode?
    private(set) var forkTimes: [MonotonicInstant] = []
    private(set) var looks = 0
    private(set) var reports = 0
    private var nextPID: Int32 = 100

    struct Signal: Equatable {
        var signal: WorkerSignal
        var pid: Int32
    }

    init(
        _ configuration: SupervisorConfiguration,
        adopting workers: [WorkerHandle] = [],
        generation: Int = 1,
        target: Int? = nil,
        listenerIsShared: Bool = false
    ) {
        state = SupervisorState(
            adopting: workers,
            generation: generation,
            target: target,
            configuration: configuration,
            identity: [.integer("port", 8080)],
            listenerIsShared: listenerIsShared,
            seed: 1,
            at: now
        )
    }

    /// A service whose workers are all ready.
    static func serving(
        _ workers: Int = 3,
        listenerIsShared: Bool = false,
        _ configure: (inout SupervisorConfiguration) -> Void = { _ in }
    ) -> Stage {
        var configuration = SupervisorConfiguration(workers: workers)
        configure(&configuration)
        var stage = Stage(configuration, listenerIsShared: listenerIsShared)
        stage.send(.started)
        stage.allBecomeReady()
        if let companion = stage.state.companion.pid { stage.becomeReady(companion) }
        // Long enough that nobody suspects a crash loop.
        stage.advance(by: .seconds(60))
        stage.forget()
        return stage
    }

    // MARK: - Acting

    mutating func send(_ event: Event) {
        var events = [event]
        while !events.isEmpty {
            for effect in state.handle(events.removeFirst(), at: now) {
                switch effect {
                case .fork(let spec):
                    forkTimes.append(now)
                    if refusesForks {
                        events.append(.forkFailed(slot: spec.slot, reason: "EAGAIN"))
                    } else {
                        nextPID += 1
                        specs[nextPID] = spec
                        events.append(.forked(slot: spec.slot, pid: nextPID))
                    }
                case .send(let signal, let pid): signals.append(Signal(signal: signal, pid: pid))
                case .notice(let notice): notices.append(notice)
                case .inspectBacklog: events.append(.backlog(waiting: waiting, handshakes: handshakes, mail: mail))
                case .observe: looks += 1
                case .askAdvice: if let advice { events.append(.advised(workers: advice)) }
                case .report: reports += 1
                case .finish(let code): exitCode = code
                case .announceStop, .refuseNewConnections, .preflight, .handOver: others.append(effect)
                }
            }
        }
    }

    /// Lets time pass, with every deadline met on the way.
    mutating func advance(by duration: Duration) {
        let end = now + duration
        while let deadline = state.nextDeadline, deadline <= end {
            now = max(now, deadline)
            send(.timer)
        }
        now = end
    }

    /// The supervisor is stopped for that long, and wakes late for whatever was due.
    mutating func sleepThrough(_ duration: Duration) {
        now = now + duration
        send(.overslept(duration))
        if let deadline = state.nextDeadline, deadline <= now { send(.timer) }
    }

    mutating func becomeReady(_ pid: Int32) { send(.becameReady(pid: pid)) }

    /// Until nobody boots any more.
    mutating func allBecomeReady() {
        while let pid = booting.first { becomeReady(pid) }
    }

    mutating func exit(_ pid: Int32, _ code: Int32 = 0, requests: Int = 0) {
        send(.exited(pid: pid, WorkerExit(status: .exited(code), requests: requests)))
    }

    mutating func kill(_ pid: Int32, by signal: Int32 = 9, requests: Int = 0) {
        send(.exited(pid: pid, WorkerExit(status: .killed(signal: signal), requests: requests)))
    }

    /// All that were told to leave do.
    mutating func allLeave() {
        for pid in leaving { exit(pid) }
    }

    /// What was done so far is not what the test is about.
    mutating func forget() {
        (signals, notices, others, forkTimes, looks, reports) = ([], [], [], [], 0, 0)
    }

    // MARK: - Seeing

    var pids: [Int32] { state.workers.compactMap(\.pid) }
    var booting: [Int32] { pids(where: \.isBooting) }
    var ready: [Int32] { pids(where: \.isReady) }
    var leaving: [Int32] { pids(where: \.isDraining) }
    var forks: Int { forkTimes.count }

    private func pids(where isIn: (WorkerHandle) -> Bool) -> [Int32] {
        state.workers.filter(isIn).compactMap(\.pid)
    }

    func number(of pid: Int32) -> Int? { specs[pid]?.number }

    func told(_ signal: WorkerSignal) -> [Int32] { signals.filter { $0.signal == signal }.map(\.pid) }

    /// Reports of rolls that were given up.
    var abandonedRolls: [Notice] { said("roll finished").filter { $0.level == .error } }

    func said(_ message: String) -> [Notice] { notices.filter { $0.message == message } }
}
