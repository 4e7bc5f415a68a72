/// What the supervisor sees on the scoreboard from time to time: requests that take too long, workers that grew too
/// big, and whether the number of workers fits the load.
extension SupervisorState {
    /// How often to look for requests over their deadline.
    private static let lookInterval = Duration.seconds(1)
    /// How often to measure memory. It costs the kernel a walk over each worker's pages.
    private static let memoryInterval = Duration.seconds(10)
    /// How many looks in a row a worker must be too big: one look may fall on a large answer.
    private static let oversizeLooks = 3

    mutating func scheduleLooks(at now: MonotonicInstant) {
        if sizer.isActive {
            nextLook = now + SizePolicy.interval
        } else if configuration.abortDelay != nil {
            nextLook = now + Self.lookInterval
        }
        if configuration.maximumMemory != nil { nextMemoryLook = now + Self.memoryInterval }
    }

    mutating func lookAround(at now: MonotonicInstant) {
        guard !isStopping else { return }
        let looksAtMemory = nextMemoryLook.map { $0 <= now } ?? false
        guard looksAtMemory || nextLook.map({ $0 <= now }) ?? false else { return }
        if looksAtMemory { nextMemoryLook = now + Self.memoryInterval }
        if nextLook != nil { nextLook = now + (sizer.isActive ? SizePolicy.interval : Self.lookInterval) }
        effects.append(.observe(memory: looksAtMemory))
    }

    mutating func judge(_ observation: Observation, at now: MonotonicInstant) {
        guard !isStopping else { return }
        for sample in observation.workers {
            guard let index = index(of: sample.pid), workers[index].isStaying else { continue }
            if isOverdue(sample, at: now) {
                abort(index, for: .request, at: now)
                continue
            }
            if let memory = sample.memory { weigh(index, memory: memory) }
            lookAgain(at: sample)
        }
        guard life == .serving, roll == nil else { return }
        let ready = workers.filter { $0.phase == .ready }
        let busy = observation.workers.count { sample in
            sample.busySince != nil && ready.contains { $0.pid == sample.pid }
        }
        let sample = SizePolicy.Sample(ready: ready.count, busy: busy, waiting: observation.waiting)
        let wanted = sizer.target(for: sample, now: target)
        guard wanted != target else { return }
        resize(to: wanted, because: wanted > target ? "all workers are busy" : "the load is low")
    }

    /// The next regular look may come late for a request that is known to be running.
    private mutating func lookAgain(at sample: Observation.Worker) {
        guard let delay = configuration.abortDelay, let deadline = sample.deadline, sample.busySince != nil else {
            return
        }
        let due = max(deadline + delay, mercyUntil ?? deadline)
        nextLook = nextLook.map { min($0, due) }
    }

    private func isOverdue(_ sample: Observation.Worker, at now: MonotonicInstant) -> Bool {
        guard let delay = configuration.abortDelay, let deadline = sample.deadline, sample.busySince != nil else {
            return false
        }
        if let mercyUntil, now < mercyUntil { return false }
        return deadline + delay <= now
    }

    private mutating func weigh(_ index: Int, memory: Int) {
        guard let limit = configuration.maximumMemory else { return }
        workers[index].oversizeSamples = memory > limit ? workers[index].oversizeSamples + 1 : 0
        if workers[index].oversizeSamples >= Self.oversizeLooks, let pid = workers[index].pid {
            renew(pid, because: .memory)
        }
    }
}
