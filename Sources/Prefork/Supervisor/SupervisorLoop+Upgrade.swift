import CLinux
import Glibc

/// The upgrade in place: how the next program is tried, and how the very same file takes over.
extension SupervisorLoop {
    /// Whether this program was only started to show that it can serve.
    var isRehearsal: Bool { received?.handover.role == .rehearsal }

    /// Starts the program on disk as a child with the listener inherited.
    func rehearse() {
        do throws(SystemError) {
            let next = try program.open()
            let file = try HandoverFile(
                Handover(role: .rehearsal, listener: supervisor.listener, program: next.descriptor)
            )
            let pid = try fork { becomeRehearsal(of: next, file) }
            rehearsal = (pid, file, next)
            events.append(.rehearsing(pid: pid))
        } catch {
            events.append(.rehearsalEnded(failure: error.description))
        }
    }

    /// In the child.
    private func becomeRehearsal(of next: ProgramFile, _ file: HandoverFile) -> Never {
        // Nobody waits for its result when the supervisor is gone. KILL, because a broken program may not listen to less; the
        // worker of a good one is told by its own supervisor's death, and finishes.
        _ = clinux_set_parent_death_signal(SIGKILL)
        guard getppid() == pid else { _exit(Death.immediate) }
        SignalSet.block(inheritedMask)
        let error = execute(next, handing: file, with: [supervisor.listener.descriptor])
        file.answerFailed(error.description)
        _exit(127)
    }

    func endRehearsal(_ cause: Death.Cause) {
        guard let (_, file, next) = rehearsal else { return }
        rehearsal = nil
        defer { file.close() }
        let passed = cause == .exited(0) && file.isRehearsed
        rehearsed = passed ? next : nil
        let failure = file.failure ?? "the new program \(Death(cause: cause).words) before it could serve"
        handle(.rehearsalEnded(failure: passed ? nil : failure))
    }

    /// Becomes the program that was rehearsed, with everything this one has. Returns only when that fails.
    func handOver() {
        guard let next = rehearsed else { return }
        rehearsed = nil
        guard !next.isChanged else {
            return handle(.takeoverFailed(reason: "the new program was written to after its rehearsal"))
        }
        var handover = Handover(role: .takeover, listener: supervisor.listener, program: next.descriptor)
        handover.scoreboard = scoreboard.memory.descriptor
        handover.layout = ScoreboardLayout.version
        handover.poke = poke
        handover.target = state.target
        handover.generation = state.generation
        handover.workers = state.workers.compactMap(\.handedOver)
        supervisor.notices.flush()
        handover.notices = supervisor.notices.keptLines
        do throws(SystemError) {
            let file = try HandoverFile(handover)
            // Signals stay blocked: those that come now wait until the next program reads them.
            let error = execute(next, handing: file, with: handover.descriptors)
            file.close()
            throw error
        } catch {
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
        for descriptor in all { descriptor.isInheritable = true }
        unsafe setenv(Handover.variable, String(file.descriptor), 1)
        let error = program.execute(next)
        unsafe unsetenv(Handover.variable)
        for descriptor in all { descriptor.isInheritable = false }
        return error
    }
}

extension Supervisor {
    /// The same service for a rehearsal: one worker, one try, and what it says cannot be mistaken for the service's own.
    var rehearsing: Supervisor {
        var configuration = SupervisorConfiguration(workers: 1)
        configuration.bootTimeout = self.configuration.bootTimeout
        configuration.shutdownTimeout = self.configuration.shutdownTimeout
        configuration.bootAttempts = 1
        configuration.title = self.configuration.title
        return Supervisor(
            configuration: configuration,
            listener: listener,
            notices: RehearsalOutput(notices),
            worker: body
        )
    }
}

extension WorkerHandle {
    var handedOver: Handover.Worker? {
        guard let pid else { return nil }
        let phase: Handover.Worker.Phase =
            switch self.phase {
            case .booting: .booting
            case .ready: .ready
            case .leaving, .dying: .leaving
            }
        return .init(pid: pid, slot: slot, number: number, generation: generation, phase: phase)
    }
}

extension Handover {
    /// The workers that are really our children, as this program sees them.
    func adoptableWorkers(on scoreboard: Scoreboard, by configuration: SupervisorConfiguration) -> [WorkerHandle] {
        let now = MonotonicInstant.now
        return workers.filter { clinux_is_child($0.pid) }.map { worker in
            if layout != ScoreboardLayout.version {
                // Its own slot is in memory that we cannot read. This one only keeps the place.
                scoreboard.slot(worker.slot).prepare(number: worker.number, generation: worker.generation)
            }
            return WorkerHandle(worker, configuration, now)
        }
    }
}

extension WorkerHandle {
    init(_ worker: Handover.Worker, _ configuration: SupervisorConfiguration, _ now: MonotonicInstant) {
        self.init(slot: worker.slot, number: worker.number, generation: worker.generation, forkedAt: now)
        pid = worker.pid
        switch worker.phase {
        case .booting: deadline = now + configuration.bootTimeout
        case .ready: (phase, readyAt) = (.ready, now)
        case .leaving: (phase, deadline) = (.leaving, now + configuration.shutdownTimeout)
        }
    }
}

extension Scoreboard {
    /// The former program's scoreboard, when it is laid out as ours is. Else a new one.
    convenience init(from handover: Handover) throws(SystemError) {
        if handover.layout == ScoreboardLayout.version, handover.scoreboard >= 0 {
            self.init(memory: try SharedMemory(mapping: handover.scoreboard, size: ScoreboardLayout.size))
        } else {
            try self.init()
        }
    }
}
