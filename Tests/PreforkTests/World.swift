import Linux

@testable import Prefork

/// A small model of the system around a supervisor: processes that boot, serve, crash, obey or do not, in an order that
/// a seed decides. It breaks off with a description when the supervisor breaks a promise.
struct World {
    enum Temper: CaseIterable {
        case obedient
        /// Leaves only when killed.
        case stubborn
    }

    struct Process {
        var spec: WorkerSpec?
        var temper: Temper
        var isReady = false
        /// A signal after which it ends.
        var ending: ExitStatus?
    }

    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    private(set) var state: SupervisorState
    private(set) var now = MonotonicInstant(nanoseconds: 1 << 40)
    private(set) var exitCode: ExitCode?
    private var random: SplitMix64
    private var processes: [Int32: Process] = [:]
    private var nextPID: Int32 = 10
    private var forks = 0
    private var advised = 2
    private var reports = 0
    private var stoppedAt: MonotonicInstant?
    private var startedAt: MonotonicInstant
    private let bornAt: MonotonicInstant
    private let configuration: SupervisorConfiguration
    private let badBoots: Double
    private let stubborn: Double
    private let badForks: Double

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let least = Int.random(in: 1...4, using: &random)
        var configuration = SupervisorConfiguration(workers: least...(Bool.random(using: &random) ? least : least + 3))
        configuration.rollWidth = Int.random(in: 1...3, using: &random)
        configuration.bootTimeout = .milliseconds(Int.random(in: 50...3000, using: &random))
        configuration.shutdownTimeout = .milliseconds(Int.random(in: 50...3000, using: &random))
        configuration.drainDelay = Bool.random(using: &random) ? .zero : .milliseconds(300)
        configuration.maximumAge = Bool.random(using: &random) ? nil : .seconds(3)
        if Bool.random(using: &random) {
            configuration.advisedWorkers = { 1 }
            configuration.reportInterval = .seconds(1)
        }
        configuration.companionName = Bool.random(using: &random) ? nil : "ops process"
        configuration.maximumMemory = Bool.random(using: &random) ? nil : 100
        badBoots = Bool.random(using: &random) ? 0 : Double.random(in: 0...1, using: &random)
        stubborn = Bool.random(using: &random) ? 0 : Double.random(in: 0...0.5, using: &random)
        badForks = Bool.random(using: &random) ? 0 : Double.random(in: 0...0.5, using: &random)
        self.random = random
        self.configuration = configuration
        state = SupervisorState(configuration: configuration, seed: seed, at: now)
        startedAt = now
        bornAt = now
    }

    // MARK: - Chance

    /// A life of random events, and then a stop, which must end.
    mutating func live(events: Int) throws(Violation) {
        try send(.started)
        for _ in 0..<events where exitCode == nil { try happen() }
        try send(.ordered(Bool.random(using: &random) ? .stop : .stopNow))
        var steps = 0
        while exitCode == nil {
            steps += 1
            guard steps < 5000 else { throw Violation(description: "the stop does not end: \(state.life)") }
            try happen()
        }
        guard processes.isEmpty else {
            throw Violation(description: "workers or a preflight outlive the supervisor: \(processes)")
        }
    }

    private mutating func happen() throws(Violation) {
        let pids = processes.keys.sorted()
        // A stop is about time and ends.
        switch Int.random(in: 0..<(state.isStopping ? 13 : 20), using: &random) {
        case 0..<6: try passTime(.milliseconds(Int.random(in: 0...400, using: &random)))
        case 6..<10:
            guard let pid = pids.randomElement(using: &random), let process = processes[pid] else { return }
            try progress(pid, process)
        case 10..<12:
            guard let pid = pids.first(where: { processes[$0]?.ending != nil }) else { return }
            try end(pid, processes[pid]!.ending!)
        case 12:
            guard let pid = pids.randomElement(using: &random) else { return }
            try end(
                pid,
                [.killed(signal: 9), .killed(signal: 11), .exited(1), .exited(0)].randomElement(using: &random)!
            )
        case 13: try send(.ordered([.roll, .grow, .shrink, .upgrade].randomElement(using: &random)!))
        case 14: try send(.exited(pid: 9_999, WorkerExit(status: .exited(3))))
        case 15:
            guard let pid = pids.randomElement(using: &random), processes[pid]?.isReady == true else { return }
            try send(.askedForReplacement(pid: pid))
        case 16:
            guard let pid = pids.randomElement(using: &random), processes[pid]?.spec != nil else { return }
            // Somebody else tells it to leave.
            processes[pid]?.ending = .exited(0)
            try send(.beganDraining(pid: pid))
        case 17:
            if Int.random(in: 0..<10, using: &random) == 0 {
                now = now + .seconds(30)
                try send(.overslept(.seconds(30)))
            }
        default: try observe()
        }
    }

    /// A process does what it would do next.
    private mutating func progress(_ pid: Int32, _ process: Process) throws(Violation) {
        guard process.spec != nil, process.ending == nil else { return }
        if process.isReady { return }
        if Double.random(in: 0..<1, using: &random) < badBoots {
            try end(pid, .exited(1))
        } else {
            processes[pid]?.isReady = true
            try send(.becameReady(pid: pid))
        }
    }

    private mutating func end(_ pid: Int32, _ cause: ExitStatus) throws(Violation) {
        guard let process = processes.removeValue(forKey: pid) else { return }
        if process.spec == nil {
            let passed = cause == .exited(0) && Bool.random(using: &random)
            return try send(.preflightEnded(failure: passed ? nil : "it did not"))
        }
        try send(.exited(pid: pid, WorkerExit(status: cause, requests: Int.random(in: 0...1, using: &random))))
    }

    private mutating func observe() throws(Violation) {
        var workers: [Observation.Worker] = []
        for (pid, process) in processes.sorted(by: { $0.key < $1.key }) where process.isReady {
            guard let spec = process.spec, !spec.isCompanion else { continue }
            let isBusy = Bool.random(using: &random)
            let isLate = Int.random(in: 0..<30, using: &random) == 0
            let deadline = isLate ? MonotonicInstant(nanoseconds: now.nanoseconds - 3_000_000_000) : now
            let memory = Int.random(in: 0...130, using: &random)
            workers.append(.init(pid: pid, busySince: isBusy ? now : nil, deadline: deadline, memory: memory))
        }
        try send(.observed(.init(workers: workers, waiting: Int.random(in: 0...2, using: &random))))
    }

    private mutating func passTime(_ duration: Duration) throws(Violation) {
        let end = now + duration
        var rounds = 0
        while let deadline = state.nextDeadline, deadline <= end {
            rounds += 1
            guard rounds < 2000 else { throw Violation(description: "the timer spins at \(deadline)") }
            now = max(now, deadline)
            try send(.timer)
        }
        now = end
    }

    // MARK: - Promises

    private mutating func send(_ event: Event) throws(Violation) {
        var events = [event]
        while !events.isEmpty && exitCode == nil {
            let event = events.removeFirst()
            let (ready, before) = (readyCount, state.workers.count)
            for effect in state.handle(event, at: now) { try perform(effect, into: &events) }
            if event == .ordered(.stop) || event == .ordered(.stopNow) { stoppedAt = stoppedAt ?? now }
            try check(after: event, ready: ready, workers: before)
        }
    }

    private var readyCount: Int { state.workers.ready }

    private mutating func perform(_ effect: Effect, into events: inout [Event]) throws(Violation) {
        switch effect {
        case .fork(let spec):
            forks += 1
            if state.isStopping && !spec.isLast || spec.isCompanion && state.isStopping {
                throw Violation(description: "a fork while stopping")
            }
            if Double.random(in: 0..<1, using: &random) < badForks {
                events.append(.forkFailed(slot: spec.slot, reason: "EAGAIN"))
                return
            }
            let pid = start(spec)
            if spec.isLast { processes[pid]?.ending = .exited(0) }
            events.append(.forked(slot: spec.slot, pid: pid))
        case .send(let signal, let pid):
            guard let process = processes[pid] else {
                throw Violation(description: "\(signal) to \(pid), which is none of ours")
            }
            switch signal {
            case .kill: processes[pid]?.ending = .killed(signal: 9)
            case .terminate where process.temper == .obedient: processes[pid]?.ending = process.ending ?? .exited(0)
            case .quit where process.temper == .obedient: processes[pid]?.ending = .exited(WorkerExit.immediate)
            case .abort where process.temper == .obedient: processes[pid]?.ending = .killed(signal: 6)
            case .terminate, .quit, .abort: break
            }
        case .inspectBacklog:
            let waiting = Int.random(in: 0..<4, using: &random) == 0 ? 1 : 0
            let (handshakes, mail) = (Int.random(in: 0...1, using: &random), Int.random(in: 0...1, using: &random))
            events.append(.backlog(waiting: waiting, handshakes: handshakes, mail: mail))
        case .preflight:
            let pid = start(nil)
            let cause: ExitStatus = Bool.random(using: &random) ? .exited(0) : .exited(69)
            if Bool.random(using: &random) { processes[pid]?.ending = cause }
            events.append(.preflightStarted(pid: pid))
        case .handOver: try handOver(&events)
        case .finish(let code): exitCode = code
        case .askAdvice:
            // Mostly it is what it was.
            if Int.random(in: 0..<3, using: &random) == 0 { advised = Int.random(in: 1...6, using: &random) }
            events.append(.advised(workers: advised))
        case .report:
            reports += 1
            if state.isStopping { throw Violation(description: "a report while stopping") }
        case .observe: break  // The world looks around at random.
        case .notice, .announceStop, .refuseNewConnections: break
        }
    }

    /// The next program takes over with what it is told, or it cannot be executed.
    private mutating func handOver(_ events: inout [Event]) throws(Violation) {
        guard Bool.random(using: &random) else { return events.append(.takeoverFailed(reason: "ENOENT")) }
        if state.workers.contains(where: \.isBooting) {
            throw Violation(description: "a takeover while somebody boots, who would then replace nobody")
        }
        let workers = state.workers.compactMap(Handover.Worker.init).map { WorkerHandle($0, configuration, now) }
        state = SupervisorState(
            adopting: workers,
            generation: state.generation,
            target: state.target,
            configuration: configuration,
            formerCompanion: state.companion.serving,
            seed: random.next(),
            at: now
        )
        (forks, startedAt) = (0, now)
        events.append(.started)
    }

    private mutating func start(_ spec: WorkerSpec?) -> Int32 {
        nextPID += 1
        let isStubborn = Double.random(in: 0..<1, using: &random) < stubborn
        processes[nextPID] = Process(spec: spec, temper: isStubborn ? .stubborn : .obedient)
        return nextPID
    }

    private func check(after event: Event, ready: Int, workers before: Int) throws(Violation) {
        let workers = state.workers
        // A smaller service has a lower cap, and those above it are leaving.
        if workers.count > state.processLimit && workers.count > before {
            throw Violation(description: "\(workers.count) workers, above the cap of \(state.processLimit)")
        }
        for (index, worker) in workers.enumerated() {
            if workers[..<index].contains(where: { $0.slot == worker.slot }) {
                throw Violation(description: "two workers in slot \(worker.slot)")
            }
            if let pid = worker.pid, processes[pid]?.spec == nil {
                throw Violation(description: "the dead worker \(pid) keeps its slot")
            }
        }
        // A process whose fork has not been reported yet is not known, and is not a leak.
        let live = processes.values.compactMap(\.spec)
        if workers.allSatisfy({ $0.pid != nil }), workers.count != live.count(where: { !$0.isCompanion }) {
            throw Violation(description: "a worker is forgotten")
        }
        let companions = processes.filter { $0.value.spec?.isCompanion == true }.keys
        if companions.count > (state.companion.formerProcess == nil ? 1 : 2) {
            throw Violation(description: "\(companions.count) companions")
        }
        for pid in companions
        where state.companion.pid.map({ $0 != pid }) == true && pid != state.companion.formerProcess?.pid {
            throw Violation(description: "the companion \(pid) is forgotten")
        }

        let elapsed = Double((now - startedAt).nanoseconds) / 1e9
        let budget = Double(2 * configuration.workers.upperBound + 10) + Double(configuration.forksPerSecond) * elapsed
        // The last workers of a stop are bounded by their own number.
        if Double(forks) > budget + 6 { throw Violation(description: "\(forks) forks in \(elapsed) s") }

        if Double(reports) > (Double((now - bornAt).nanoseconds) / 1e9).rounded(.up) {
            throw Violation(description: "\(reports) reports in \(now - bornAt)")
        }
        try checkReadiness(after: event, ready: ready)
        if let stoppedAt, exitCode == nil, now - stoppedAt > .seconds(600) {
            throw Violation(description: "the stop takes \(now - stoppedAt)")
        }
    }

    /// Rolls and recycling never cost a ready worker. Only a death, an order or a low load does.
    private func checkReadiness(after event: Event, ready: Int) throws(Violation) {
        guard !state.isStopping else { return }
        switch event {
        case .exited, .beganDraining, .observed, .ordered, .advised: return
        default:
            if readyCount < ready {
                throw Violation(description: "\(event) left \(readyCount) of \(ready) ready workers")
            }
        }
        let served = state.workers.count { $0.isReady && $0.number <= state.target }
        let rolling = state.workers.contains { $0.isBooting && $0.predecessor != nil }
        if rolling && served > state.target + configuration.rollWidth {
            throw Violation(description: "\(served) ready workers for \(state.target) places")
        }
    }
}
