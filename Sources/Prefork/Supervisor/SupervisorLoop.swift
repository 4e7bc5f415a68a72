import CLinux
import Glibc

/// Does what ``SupervisorState`` decides: waits for whatever happens next, and performs the effects.
///
/// One thread, one poll(2), no handler, no sleep.
final class SupervisorLoop {
    let supervisor: Supervisor
    let scoreboard: Scoreboard
    private let signals: SignalDescriptor
    /// An eventfd that workers ring when their slot has news.
    let poke: CInt
    private var memoryEvents = MemoryEvents.ofThisProcess()
    let pid = getpid()

    private(set) var state: SupervisorState
    var children: [Int32: Child] = [:]
    var events: [Event] = []
    private var exitCode: ExitCode?

    /// This program, and what a former one handed to it.
    let program: Program
    let received: (file: HandoverFile, handover: Handover)?
    /// The program that is being rehearsed.
    var rehearsal: (pid: Int32, file: HandoverFile, program: ProgramFile)?
    /// The program that was, and is to take over.
    var rehearsed: ProgramFile?
    private var mustHandOver = false
    /// Which signals were blocked before the supervisor blocked its own.
    let inheritedMask: sigset_t

    /// How long the last notices may wait for their reader.
    private static let lastNoticesTime = Duration.milliseconds(500)

    /// Waking that much later than asked means that somebody had stopped us.
    private static let oversleep = Duration.seconds(1)

    init(_ supervisor: Supervisor, inheritedMask: sigset_t) throws(SystemError) {
        self.inheritedMask = inheritedMask
        program = .current()
        received = HandoverFile.received
        if received != nil { program.restoreName() }
        self.supervisor = received?.handover.role == .rehearsal ? supervisor.rehearsing : supervisor
        signals = try SignalDescriptor(SignalSet.managed)
        let predecessor = received?.handover.role == .takeover ? received?.handover : nil
        if let predecessor {
            scoreboard = try Scoreboard(from: predecessor)
            poke = predecessor.poke
        } else {
            scoreboard = try Scoreboard()
            poke = try EventDescriptor.open()
        }
        state = SupervisorState(
            adopting: predecessor?.adoptableWorkers(on: scoreboard, by: supervisor.configuration) ?? [],
            generation: predecessor?.generation ?? 1,
            target: predecessor?.target,
            configuration: self.supervisor.configuration,
            identity: [.integer("pid", getpid())] + supervisor.listener.address.fields,
            listenerIsShared: supervisor.listener.isShared,
            seed: SystemRandomNumberGenerator.seed(),
            at: .now
        )
        for worker in state.workers { worker.pid.map { children[$0] = Child(pid: $0) } }
        if let predecessor {
            received?.file.close()
            self.supervisor.notices.writeKept(predecessor.notices)
        }
        Backtrace.warmUp()
    }

    deinit { close(poke) }

    func run() -> ExitCode {
        setTitle(isRehearsal ? "rehearsal" : "supervisor")
        handle(.started)
        // Who died while one program became the next: setting SIGCHLD to its default has dropped the signal for that.
        reap()
        while true {
            if let exitCode { return end(exitCode) }
            handOverIfAsked()
            if isRehearsal, state.someWorkerBecameReady { handle(.ordered(.stop)) }
            wait(until: state.nextDeadline)
            takeSignals()
            if let deadline = state.nextDeadline, deadline <= .now { handle(.timer) }
        }
    }

    private func end(_ code: ExitCode) -> ExitCode {
        finishNotices()
        if isRehearsal, code == .stopped, state.someWorkerBecameReady { received?.file.answerRehearsed() }
        return code
    }

    /// Here, where all that was read has been dealt with: what the next program does not read again must not be lost.
    private func handOverIfAsked() {
        guard mustHandOver else { return }
        mustHandOver = false
        // A stop may have been ordered in the same breath.
        if state.upgrade == .takingOver { handOver() }
    }

    // MARK: - Waiting

    private func wait(until deadline: MonotonicInstant?) {
        var descriptors = [
            pollfd(fd: signals.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: poke, events: Int16(POLLIN), revents: 0),
        ]
        if let blocked = supervisor.notices.blockedDescriptor {
            descriptors.append(pollfd(fd: blocked, events: Int16(POLLOUT), revents: 0))
        }
        let sleptAt = MonotonicInstant.now
        let timeout = deadline.map { max(0, ($0 - .now).inNanoseconds) } ?? -1
        _ = unsafe clinux_poll(&descriptors, CInt(descriptors.count), timeout)
        if descriptors.count > 2, descriptors[2].revents != 0 { supervisor.notices.flush() }
        // When it was stopped is not known, only since when it did not look: all that time is forgiven.
        let wokeAt = MonotonicInstant.now
        if let deadline, wokeAt - max(deadline, sleptAt) > Self.oversleep { handle(.overslept(wokeAt - sleptAt)) }
    }

    /// Orders first, so that a worker which leaves because everybody was told to is not replaced.
    private func takeSignals() {
        let received = signals.read()
        for signal in received {
            if let order = Order(signal: signal) { handle(.ordered(order)) }
        }
        EventDescriptor.clear(poke)
        readScoreboard()
        if received.contains(SIGCHLD) { reap() }
    }

    private func readScoreboard() {
        for worker in state.workers {
            guard let pid = worker.pid else { continue }
            let slot = scoreboard.slot(worker.slot)
            guard slot.pid == pid else { continue }
            switch slot.phase {
            case .ready where worker.phase == .booting: handle(.becameReady(pid: pid))
            case .draining where worker.isStaying: handle(.beganLeaving(pid: pid))
            case .vacant, .booting, .ready, .draining: break
            }
            if slot.wantsReplacement, worker.renewal == nil { handle(.askedForReplacement(pid: pid)) }
        }
    }

    /// One signal may stand for many children, and as PID 1 also for those of others.
    private func reap() {
        while let (pid, cause) = Child.reapOne() {
            children[pid] = nil
            if pid == rehearsal?.pid {
                endRehearsal(cause)
                continue
            }
            let slot = state.workers.first { $0.pid == pid }.map { scoreboard.slot($0.slot) }
            let death = death(cause, in: slot)
            // Now, because the next worker may move into the slot as soon as this one is known to be dead.
            slot?.vacate()
            handle(.exited(pid: pid, death))
        }
    }

    private func death(_ cause: Death.Cause, in slot: WorkerSlot?) -> Death {
        var death = Death(cause: cause)
        if cause == .killed(signal: SIGKILL) { death.isOutOfMemory = memoryEvents.someoneWasKilled() }
        guard let slot else { return death }
        death.requests = slot.requests
        death.requestsWhileDraining = slot.requestsWhileDraining
        death.droppedLogLines = slot.droppedLogLines
        death.lastRequest = slot.blackBox
        death.backtrace = SymbolTable.names(of: slot.backtrace)
        return death
    }

    /// All is done: the reader of the notices gets a moment for the last of them.
    private func finishNotices() {
        let deadline = MonotonicInstant.now + Self.lastNoticesTime
        while let blocked = supervisor.notices.blockedDescriptor, .now < deadline {
            var room = pollfd(fd: blocked, events: Int16(POLLOUT), revents: 0)
            _ = unsafe clinux_poll(&room, 1, (deadline - .now).inNanoseconds)
            supervisor.notices.flush()
        }
    }

    // MARK: - Doing

    func handle(_ event: Event) {
        events.append(event)
        // An effect may bring about the next event. One that arrives while others wait takes its turn.
        guard events.count == 1 else { return }
        while let event = events.first {
            for effect in state.handle(event, at: .now) { perform(effect) }
            events.removeFirst()
        }
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .fork(let birth): fork(birth)
        case .send(let urge, let pid): children[pid]?.send(urge)
        case .notice(let notice): supervisor.notices.write(notice)
        case .announceLeaving: scoreboard.isLeaving = true
        case .refuseNewConnections: refuseNewConnections()
        case .observe(let memory): events.append(.observed(observe(memory: memory)))
        case .inspectBacklog:
            let listener = supervisor.listener
            // In this order: a handshake that finishes in between is seen twice rather than never.
            let handshakes = listener.unfinishedHandshakes
            events.append(.backlog(waiting: listener.waitingConnections, handshakes: handshakes))
        case .rehearse: rehearse()
        case .handOver: mustHandOver = true
        case .finish(let code): exitCode = code
        }
    }

    private func refuseNewConnections() {
        do throws(SystemError) {
            try supervisor.listener.refuseNewConnections()
        } catch {
            let todo = "Let the balancer look away before it stops (DRAIN_DELAY), or use Linux 5.7 or later."
            let fields: [Notice.Field] = [.text("reason", error.description), .text("todo", todo)]
            supervisor.notices.write(Notice(.warning, "new connections cannot be refused", fields))
        }
    }

    private func observe(memory: Bool) -> Observation {
        let workers = state.workers.compactMap { worker -> Observation.Worker? in
            guard let pid = worker.pid, worker.isStaying else { return nil }
            let request = scoreboard.slot(worker.slot).blackBox
            return Observation.Worker(
                pid: pid,
                busySince: request?.startedAt,
                deadline: request?.deadline,
                memory: memory ? ProcessMemory.proportional(of: pid) : nil
            )
        }
        return Observation(workers: workers, waiting: supervisor.listener.waitingConnections)
    }

    // MARK: - Forking

    private func fork(_ birth: Birth) {
        scoreboard.slot(birth.slot).prepare(number: birth.number, generation: birth.generation)
        do throws(SystemError) {
            let pid = try fork { becomeWorker(birth) }
            events.append(.forked(slot: birth.slot, pid: pid))
        } catch {
            events.append(.forkFailed(slot: birth.slot, reason: error.description))
        }
    }

    /// Forks a child that does something and never returns.
    func fork(_ body: () -> Never) throws(SystemError) -> Int32 {
        // fork(2) copies only this thread. A lock that another one holds would stay locked in the child for ever.
        // Without /proc nobody can tell, and nobody has to: whoever develops has it.
        let threads = clinux_thread_count()
        guard threads <= 1 else {
            let todo = "Start no Task, Dispatch queue or thread before Supervisor.run()."
            fatalError("cannot fork: the supervisor has \(threads) threads. \(todo)")
        }
        // A signal that arrives now must find the child as it will be, not as a copy of the supervisor.
        let blocked = SignalSet.block(SignalSet.all)
        let pid = Glibc.fork()
        if pid == 0 { body() }
        let error = SystemError("fork")
        SignalSet.block(blocked)
        guard pid > 0 else { throw error }
        children[pid] = Child(pid: pid)
        return pid
    }

    /// In the child.
    private func becomeWorker(_ birth: Birth) -> Never {
        children.removeAll()
        close(signals.descriptor)
        setTitle("worker \(birth.number) generation \(birth.generation)")
        guard let shutdown = try? EventDescriptor.open() else { _exit(ExitCode.workersCannotBoot.rawValue) }
        let worker = Worker(
            number: birth.number,
            generation: birth.generation,
            listener: isRehearsal ? nil : supervisor.listener.descriptor,
            shutdown: shutdown,
            slot: scoreboard.slot(birth.slot),
            scoreboard: scoreboard,
            supervisor: pid,
            poke: poke
        )
        WorkerProcess(
            worker: worker,
            body: supervisor.body,
            shutdownTimeout: supervisor.configuration.shutdownTimeout,
            isLast: birth.isLast,
            listener: supervisor.listener
        ).run()
    }

    private func setTitle(_ title: String) {
        guard let name = supervisor.configuration.title else { return }
        unsafe clinux_set_process_title("\(name): \(title)")
    }
}

extension ListenAddress {
    /// As a notice names it.
    fileprivate var fields: [Notice.Field] {
        switch self {
        case .tcp(let host, let port): [.text("host", host), .integer("port", port)]
        case .unix(let path): [.text("path", path)]
        }
    }
}

extension SystemRandomNumberGenerator {
    fileprivate static func seed() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
