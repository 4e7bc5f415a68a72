import Glibc
import Linux

/// The upgrade in place: how the next program is tried, and how the very same file takes over.
extension SupervisorLoop {
    /// Starts the program on disk as a child with the listener, if there is one, inherited.
    func startPreflight() -> Event {
        do throws(SystemError) {
            let next = try program.open()
            let file = try HandoverFile(
                Handover(role: .preflight, listener: supervisor.listener, program: next.descriptor)
            )
            let pid = try fork { becomePreflight(of: next, file) }
            preflight = Preflight(pid: pid, program: next, answer: file)
            return .preflightStarted(pid: pid)
        } catch {
            return .preflightEnded(failure: error.description)
        }
    }

    /// In the child.
    private func becomePreflight(of next: ProgramFile, _ file: HandoverFile) -> Never {
        // Nobody waits for its result when the supervisor is gone. KILL, because a broken program may not listen to less; the
        // worker of a good one is told by its own supervisor's death, and finishes.
        CurrentProcess.setParentDeathSignal(SIGKILL)
        guard getppid() == pid else { _exit(WorkerExit.immediate) }
        inheritedMask.block()
        let error = execute(next, handing: file, with: [supervisor.listener?.descriptor].compactMap(\.self))
        file.answerFailed(error.description)
        _exit(127)
    }

    /// The process that tried the next program has ended. Returns what was wrong, if anything was.
    func endPreflight(_ status: ExitStatus) -> String? {
        let failure = preflight?.end(status)
        if preflight?.hasPassed == false { preflight = nil }
        return failure
    }

    /// Becomes the program that was tried, with everything this one has. Returns only when that fails.
    func handOver(_ service: (target: Int, generation: Int, workers: [Handover.Worker], companion: Int32?)) {
        guard let next = preflight?.program else { return }
        preflight = nil
        guard !next.isChanged else {
            return handle(.takeoverFailed(reason: "the new program was written to after its preflight"))
        }
        var handover = Handover(role: .takeover, listener: supervisor.listener, program: next.descriptor)
        handover.scoreboard = scoreboard.memory.descriptor
        handover.layout = scoreboard.layout.identity
        handover.wakeup = wakeup.rawValue
        handover.mailboxes = mailboxes.ends
        handover.memory = supervisor.keptMemory.mapValues(\.descriptor)
        (handover.target, handover.generation, handover.workers, handover.companion) = service
        handover.companionListener = supervisor.companion?.listener?.descriptor ?? -1
        supervisor.notices.flush()
        handover.notices = supervisor.notices.keptLines
        do throws(SystemError) {
            let file = try HandoverFile(handover)
            manager?.tellOfTakeover(at: .now)
            // Signals stay blocked: those that come now wait until the next program reads them.
            throw execute(next, handing: file, with: handover.descriptors)
        } catch {
            manager?.tellOfFailedTakeover(at: .now)
            handle(.takeoverFailed(reason: error.description))
        }
    }

    private func execute(
        _ next: ProgramFile,
        handing file: HandoverFile,
        with descriptors: [CInt]
    ) -> SystemError {
        // Its own file too: the interpreter of a script opens it by its number.
        let all = descriptors + [file.descriptor, next.descriptor]
        for descriptor in all { FileDescriptor.setInheritable(true, descriptor) }
        CurrentProcess.setEnvironment(Handover.variable, to: String(file.descriptor))
        let error = program.execute(next)
        CurrentProcess.setEnvironment(Handover.variable, to: nil)
        for descriptor in all { FileDescriptor.setInheritable(false, descriptor) }
        return error
    }
}

extension Handover.Worker {
    /// What the next program gets to know of a worker.
    init?(_ worker: WorkerHandle) {
        guard let pid = worker.pid else { return nil }
        let phase: WorkerPhase =
            switch worker.phase {
            case .booting: .booting
            case .ready: .ready
            case .draining, .aborting: .draining
            }
        self.init(pid: pid, slot: worker.slot, number: worker.number, generation: worker.generation, phase: phase)
    }
}

extension WorkerHandle {
    /// A worker of the former program, as this one sees it.
    init(_ worker: Handover.Worker, _ configuration: SupervisorConfiguration, _ now: MonotonicInstant) {
        let phase: Phase =
            switch worker.phase {
            case .booting: .booting(until: now + configuration.bootTimeout)
            case .ready: .ready(since: now)
            case .draining, .vacant: .draining(until: now + configuration.shutdownTimeout)
            }
        let spec = WorkerSpec(
            slot: worker.slot,
            number: worker.number,
            generation: worker.generation,
            role: .worker(configuration)
        )
        self.init(spec, phase, at: now)
        pid = worker.pid
    }
}

extension Handover {
    /// The workers that are really our children, as this program sees them.
    func adoptableWorkers(on scoreboard: Scoreboard, by configuration: SupervisorConfiguration) -> [WorkerHandle] {
        let now = MonotonicInstant.now
        return workers.filter { ProcessDescriptor.isChild($0.pid) }.map { worker in
            if layout != scoreboard.layout.identity {
                // Its own slot is in memory that we cannot read. This one only keeps the place.
                scoreboard.slot(worker.slot).prepare(number: worker.number, generation: worker.generation)
            }
            return WorkerHandle(worker, configuration, now)
        }
    }
}

extension Mailboxes {
    /// What the next program gets to know of them.
    fileprivate var ends: [Handover.MailboxEnds] {
        slots.compactMap { slot in self[slot].map { .init(slot: slot, sender: $0.sender, receiver: $0.receiver) } }
    }
}

extension Handover {
    /// The former program's mailboxes, for this one to own.
    var openMailboxes: [Int: Mailbox] {
        let mailboxes = mailboxes.map { ($0.slot, Mailbox(sender: $0.sender, receiver: $0.receiver)) }
        return Dictionary(mailboxes) { first, _ in first }
    }
}

extension Scoreboard {
    /// The former program's scoreboard, when it is laid out as ours is. Else a new one.
    convenience init(from handover: Handover, lanes: Int) throws(SystemError) {
        let layout = ScoreboardLayout(lanes: lanes)
        let former = handover.scoreboard >= 0 ? Optional(FileDescriptor(owning: handover.scoreboard)) : nil
        if handover.layout == layout.identity, let former {
            self.init(memory: try SharedMemory(mapping: former, size: layout.size), layout: layout)
        } else {
            try self.init(lanes: lanes)
        }
    }
}
