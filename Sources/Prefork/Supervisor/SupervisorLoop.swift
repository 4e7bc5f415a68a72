import Glibc
import Linux

/// Does what ``SupervisorState`` decides: waits for whatever happens next, and performs the effects.
///
/// One thread, one poll(2), no handler, no sleep.
final class SupervisorLoop {
    let supervisor: Supervisor
    let scoreboard: Scoreboard
    /// By which workers send each other connections.
    let mailboxes: Mailboxes
    /// Mail that nobody reads found no room elsewhere, and is not looked at before.
    var mailNotBefore: MonotonicInstant?
    /// By which workers say that their slot has news.
    let wakeup: EventFD
    let pid = getpid()
    private var signals: SignalDescriptor?
    private var memoryEvents = MemoryEvents.ofThisProcess()

    private(set) var state: SupervisorState
    private(set) var children: [Int32: Child] = [:]
    /// Those that wait for their turn, the first of which is being handled.
    private var events: [Event] = []
    private var exitCode: ExitCode?
    private var mustHandOver = false

    /// This program, and what a former one handed to it.
    let program: Program
    private let received: Handover?
    /// Where a program that is tried says that it could serve.
    private let answer: HandoverFile?
    /// Who waits to hear that the service is ready.
    var manager: ServiceManager?
    /// The next program, while it is tried and when it has passed.
    var preflight: Preflight?
    /// Which signals were blocked before the supervisor blocked its own.
    let inheritedMask: SignalSet

    /// How long the last notices may wait for their reader.
    private static let lastNoticesTime = Duration.milliseconds(500)

    /// How many workers may come to be, by limits that change, whose mailboxes those that are there already know: as many as the
    /// host has processors, within reason. A mailbox costs the kernel some kilobytes.
    private static let foreseenWorkers = 16

    /// Waking that much later than asked means that somebody had stopped us.
    private static let oversleep = Duration.seconds(1)

    init(_ supervisor: Supervisor, inheritedMask: SignalSet) throws(SystemError) {
        self.inheritedMask = inheritedMask
        program = .current()
        received = HandoverFile.received?.handover
        if received != nil { program.restoreName() }
        // Of one that takes over, nobody waits for an answer.
        let file = HandoverFile.received.map { HandoverFile(owning: FileDescriptor(owning: $0.descriptor)) }
        answer = received?.role == .preflight ? file : nil
        self.supervisor = received?.role == .preflight ? supervisor.forPreflight : supervisor
        // A preflight tells nobody but who tries it.
        manager = received?.role == .preflight ? nil : ServiceManager()
        signals = try SignalDescriptor(SignalSet(SignalSet.managed))
        let configuration = self.supervisor.configuration
        let predecessor = received?.role == .takeover ? received : nil
        if let predecessor {
            scoreboard = try Scoreboard(from: predecessor, lanes: configuration.lanes)
            let former = predecessor.wakeup
            wakeup = former >= 0 ? EventFD(owning: FileDescriptor(owning: former)) : try EventFD()
        } else {
            scoreboard = try Scoreboard(lanes: configuration.lanes)
            wakeup = try EventFD()
        }
        mailboxes = Mailboxes(predecessor?.openMailboxes ?? [:])
        let adopted = predecessor?.adoptableWorkers(on: scoreboard, by: configuration) ?? []
        state = SupervisorState(
            adopting: adopted,
            generation: predecessor?.generation ?? 1,
            target: predecessor?.target,
            configuration: configuration,
            identity: [.integer("pid", getpid())] + (supervisor.listener?.address.fields ?? []),
            listenerIsShared: supervisor.listener?.isShared ?? false,
            formerCompanion: predecessor?.companion.flatMap { [scoreboard] in scoreboard.companion($0) },
            seed: SystemRandomNumberGenerator.seed(),
            at: .now
        )
        for worker in adopted {
            guard let pid = worker.pid else { continue }
            children[pid] = Child(pid: pid, slot: scoreboard.slot(worker.slot))
        }
        if let former = state.companion.formerProcess {
            children[former.pid] = Child(pid: former.pid, slot: scoreboard.slot(former.slot))
        }
        if let former = predecessor?.companionListener, former >= 0,
            former != self.supervisor.companion?.listener?.descriptor
        {
            // Else its clients would go on connecting to what nobody accepts from.
            _ = FileDescriptor(owning: former)
        }
        let processors = configuration.advisedWorkers == nil ? 0 : CurrentProcess.usableProcessors
        makeMailboxes(upTo: max(state.processLimit, 2 * min(processors, Self.foreseenWorkers) + 1))
        countSlots()
        if let predecessor { self.supervisor.notices.writeKept(predecessor.notices) }
        Backtrace.warmUp()
    }

    /// Whether this program was only started to show that it can serve.
    private var isPreflight: Bool { received?.role == .preflight }

    func run() -> ExitCode {
        setTitle(isPreflight ? "preflight" : "supervisor")
        handle(.started)
        // Who died while one program became the next: setting SIGCHLD to its default has dropped the signal for that.
        reap()
        while true {
            if let exitCode { return end(exitCode) }
            handOverIfAsked()
            wait(until: [state.nextDeadline, mailNotBefore, manager?.nextDeadline].compactMap(\.self).min())
            manager?.turn(at: .now)
            takeSignals()
            if let deadline = state.nextDeadline, deadline <= .now { handle(.timer) }
        }
    }

    private func end(_ code: ExitCode) -> ExitCode {
        finishNotices()
        if code == .stopped, state.hasServed { answer?.answerPassed() }
        return code
    }

    /// Here, where all that was read has been dealt with: what the next program does not read again must not be lost.
    private func handOverIfAsked() {
        guard mustHandOver else { return }
        mustHandOver = false
        // A stop may have been ordered in the same breath.
        if let handover = state.handover { handOver(handover) }
    }

    // MARK: - Waiting

    private func wait(until deadline: MonotonicInstant?) {
        var poll = Poll()
        if let signals { poll.add(signals.rawValue, .read) }
        poll.add(wakeup.rawValue, .read)
        let blocked = supervisor.notices.blockedDescriptor.map { poll.add($0, .write) }
        let mail = unreadMailboxes.map { poll.add($0.receiver, .read) }
        let sleptAt = MonotonicInstant.now
        poll.wait(atMost: deadline.map { max(.zero, $0 - sleptAt) })
        if let blocked, poll.isReady(blocked) { supervisor.notices.flush() }
        if mail.contains(where: { poll.isReady($0) }) { forwardMail() }
        // When it was stopped is not known, only since when it did not look: all that time is forgiven.
        let wokeAt = MonotonicInstant.now
        if let deadline, wokeAt - max(deadline, sleptAt) > Self.oversleep { handle(.overslept(wokeAt - sleptAt)) }
    }

    /// Orders first, so that a worker which leaves because everybody was told to is not replaced.
    private func takeSignals() {
        let received = signals?.read() ?? []
        for signal in received {
            if let order = Order(signal: signal) { handle(.ordered(order)) }
        }
        wakeup.clear()
        readScoreboard()
        if received.contains(SIGCHLD) { reap() }
    }

    private func readScoreboard() {
        // In the order of their ids, so that what is said of them has one.
        for pid in children.keys.sorted() {
            for event in children[pid]?.news() ?? [] { handle(event) }
        }
    }

    /// One signal may stand for many children, and as PID 1 also for those of others.
    private func reap() {
        while let (pid, status) = ExitStatus.reapOne() {
            let child = children.removeValue(forKey: pid)
            if pid == preflight?.pid, preflight?.hasPassed == false {
                handle(.preflightEnded(failure: endPreflight(status)))
                continue
            }
            let isOutOfMemory = status == .killed(signal: SIGKILL) && memoryEvents.someoneWasKilled()
            let exit = WorkerExit(status, isOutOfMemory: isOutOfMemory, slot: child?.slot)
            // Now, because the next worker may move into the slot as soon as this one is known to be dead.
            child?.slot?.vacate()
            countSlots()
            handle(.exited(pid: pid, exit))
        }
    }

    /// All is done: the reader of the notices gets a moment for the last of them.
    private func finishNotices() {
        let deadline = MonotonicInstant.now + Self.lastNoticesTime
        while let blocked = supervisor.notices.blockedDescriptor, .now < deadline {
            var poll = Poll()
            poll.add(blocked, .write)
            poll.wait(atMost: deadline - .now)
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
        scoreboard.target = state.target
    }

    private func perform(_ effect: Effect) {
        switch effect {
        case .fork(let spec): fork(spec)
        case .send(let signal, let pid): children[pid]?.send(signal)
        case .notice(let notice):
            supervisor.notices.write(notice)
            manager?.tell(notice, at: .now)
        case .announceStop: scoreboard.isStopping = true
        case .refuseNewConnections: refuseNewConnections()
        case .observe(let pids, let memory):
            let workers = pids.compactMap { children[$0]?.observation(memory: memory) }
            let waiting = supervisor.listener?.waitingConnections ?? 0
            events.append(.observed(Observation(workers: workers, waiting: waiting)))
        case .askAdvice:
            if let count = supervisor.configuration.advisedWorkers?() { events.append(.advised(workers: count)) }
        case .report:
            if let notice = supervisor.report?.make(scoreboard) { supervisor.notices.write(notice) }
        case .inspectBacklog:
            let listener = supervisor.listener
            // In this order: a handshake that finishes in between is seen twice rather than never.
            let handshakes = listener?.unfinishedHandshakes ?? 0
            let waiting = listener?.waitingConnections ?? 0
            let mail = mailboxes.withMail(among: unreadSlots).count
            events.append(.backlog(waiting: waiting, handshakes: handshakes, mail: mail))
        case .preflight: events.append(startPreflight())
        case .handOver: mustHandOver = true
        case .finish(let code): exitCode = code
        }
    }

    private func refuseNewConnections() {
        do throws(SystemError) {
            try supervisor.listener?.refuseNewConnections()
        } catch {
            let todo = "Let the balancer look away before it stops (DRAIN_DELAY), or use Linux 5.7 or later."
            let fields: [Notice.Field] = [.text("reason", error.description), .text("todo", todo)]
            supervisor.notices.write(Notice(.warning, "new connections cannot be refused", fields))
        }
    }

    // MARK: - Forking

    private func fork(_ spec: WorkerSpec) {
        let slot = scoreboard.slot(spec.slot)
        slot.prepare(number: spec.number, generation: spec.generation)
        if !spec.isCompanion {
            scoreboard.slotsInUse = max(scoreboard.slotsInUse, spec.slot + 1)
            makeMailboxes(upTo: spec.slot + 1)
        }
        // It leaves as soon as it finds nothing, so it has to find this.
        if spec.isLast { forwardMail(to: [spec.slot]) }
        do throws(SystemError) {
            let pid = try fork(in: slot) { becomeWorker(spec) }
            events.append(.forked(slot: spec.slot, pid: pid))
        } catch {
            slot.vacate()
            events.append(.forkFailed(slot: spec.slot, reason: error.description))
        }
    }

    /// Forks a child that does something and never returns.
    func fork(in slot: WorkerSlot? = nil, _ body: () -> Never) throws(SystemError) -> Int32 {
        // fork(2) copies only this thread. A lock that another one holds would stay locked in the child for ever.
        // Without /proc nobody can tell, and nobody has to: whoever develops has it.
        let threads = CurrentProcess.threadCount
        guard threads <= 1 else {
            let todo = "Start no Task, Dispatch queue or thread before Supervisor.run()."
            fatalError("cannot fork: the supervisor has \(threads) threads. \(todo)")
        }
        // A signal that arrives now must find the child as it will be, not as a copy of the supervisor.
        let blocked = SignalSet.all.block()
        let pid = Glibc.fork()
        if pid == 0 { body() }
        let error = SystemError("fork")
        blocked.block()
        guard pid > 0 else { throw error }
        children[pid] = Child(pid: pid, slot: slot)
        return pid
    }

    /// In the child.
    private func becomeWorker(_ spec: WorkerSpec) -> Never {
        children.removeAll()
        signals = nil
        let companion = spec.isCompanion ? supervisor.companion : nil
        setTitle(companion?.name ?? "\(spec.role.name) \(spec.number) generation \(spec.generation)")
        let listener = companion == nil ? supervisor.listener : companion?.listener
        guard let shutdown = try? EventFD() else { _exit(ExitCode.workersCannotBoot.rawValue) }
        let worker = Worker(
            number: spec.number,
            generation: spec.generation,
            isPreflight: isPreflight,
            listener: isPreflight ? nil : listener?.descriptor,
            slot: scoreboard.slot(spec.slot),
            scoreboard: scoreboard,
            siblings: Siblings(of: scoreboard.slot(spec.slot), on: scoreboard, mailboxes),
            supervisor: pid,
            shutdownEvent: shutdown,
            wakeup: wakeup
        )
        WorkerProcess(
            worker: worker,
            body: companion?.body ?? supervisor.body,
            shutdownTimeout: supervisor.configuration.shutdownTimeout,
            isLast: spec.isLast,
            listener: listener
        ).run()
    }

    /// Connections are sent by mail, so without a listener there is none.
    private func makeMailboxes(upTo count: Int) {
        if supervisor.listener != nil { mailboxes.make(upTo: count) }
    }

    /// Says how far a look at all workers has to go.
    private func countSlots() {
        let slots = children.values.compactMap { $0.slot?.index }.filter { !Scoreboard.companionSlots.contains($0) }
        scoreboard.slotsInUse = (slots.max() ?? -1) + 1
    }

    private func setTitle(_ title: String) {
        guard let name = supervisor.configuration.title else { return }
        CurrentProcess.setTitle("\(name): \(title)")
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

extension Scoreboard {
    /// A former program's companion, if it still is a child of this process.
    fileprivate func companion(_ pid: Int32) -> CompanionProcess? {
        guard ProcessDescriptor.isChild(pid) else { return nil }
        let slot = Self.companionSlots.first { self.slot($0).pid == pid }
        return CompanionProcess(pid: pid, slot: slot ?? Self.companionSlots.upperBound - 1)
    }
}
