import Linux

/// A child process that has not been reaped, and what the driver has seen of it.
final class Child {
    private let process: ProcessDescriptor
    /// The worker's slot on the scoreboard, `nil` for a child that is no worker.
    let slot: WorkerSlot?
    /// The phase that was last reported.
    private var phase = WorkerPhase.booting
    private var wantsReplacement = false

    init(pid: Int32, slot: WorkerSlot? = nil) {
        process = ProcessDescriptor(pid: pid)
        self.slot = slot
    }

    func send(_ signal: WorkerSignal) { process.send(signal.signal) }

    /// What its slot says that has not been reported yet.
    func news() -> [Event] {
        let pid = process.pid
        guard let slot, slot.pid == pid else { return [] }
        var events: [Event] = []
        let now = slot.phase
        if now != phase {
            switch now {
            case .ready: events.append(.becameReady(pid: pid))
            case .draining: events.append(.beganDraining(pid: pid))
            case .vacant, .booting: break
            }
            phase = now
        }
        if slot.wantsReplacement && !wantsReplacement {
            wantsReplacement = true
            events.append(.askedForReplacement(pid: pid))
        }
        return events
    }

    /// What a look at its slot shows.
    /// - Parameter memory: Whether to measure that too.
    func observation(memory: Bool) -> Observation.Worker? {
        guard let slot else { return nil }
        let requests = slot.requestsInFlight
        let pid = process.pid
        return Observation.Worker(
            pid: pid,
            busySince: requests.compactMap(\.startedAt).min(),
            deadline: requests.compactMap(\.deadline).min(),
            lanes: slot.laneCount,
            freeLanes: slot.laneCount - requests.count,
            freeThreads: slot.freeThreads,
            running: slot.running,
            waiting: slot.waiting,
            memory: memory ? ProcessMemory.proportional(of: pid) : nil
        )
    }
}

extension WorkerExit {
    /// How a worker ended, with what its slot says of it.
    init(_ status: ExitStatus, isOutOfMemory: Bool, slot: WorkerSlot?) {
        self.init(status: status, isOutOfMemory: isOutOfMemory)
        guard let slot else { return }
        requests = slot.requests
        requestsWhileDraining = slot.requestsWhileDraining
        droppedLogLines = slot.droppedLogLines
        lanes = slot.lanes.map { lane in
            Lane(request: lane.blackBox, backtrace: SymbolTable.names(of: lane.backtrace))
        }
        lanes.removeAll { $0.request == nil && $0.backtrace.isEmpty }
    }
}
