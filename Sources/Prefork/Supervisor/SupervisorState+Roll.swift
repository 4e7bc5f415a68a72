import Linux

/// Rolls: every worker is replaced, each by a successor that is ready before it leaves.
extension SupervisorState {
    mutating func beginRoll(at now: MonotonicInstant) {
        // Orders that come while a roll is under way ask for one more, not for many.
        guard roll == nil else {
            roll?.isToBeRepeated = true
            return
        }
        generation += 1
        roll = Roll(generation: generation, startedAt: now)
        for worker in workers { worker.pid.map { renew($0, because: .roll) } }
        say(.info, "roll started", [.integer("generation", generation), .integer("workers", workers.staffed)])
    }

    mutating func finishRoll(at now: MonotonicInstant) {
        guard let roll, !roll.isDraining, !workers.contains(where: { $0.isStaying && $0.renewal == .roll }) else {
            return
        }
        say(.info, "roll finished", roll.report(at: now, verdict: "all workers replaced"))
        self.roll = nil
        if roll.isToBeRepeated {
            beginRoll(at: now)
            startSuccessors(at: now)
        }
    }

    /// A worker that was to replace another did not boot.
    mutating func successorFailed(_ worker: WorkerHandle, how: String, at now: MonotonicInstant) {
        guard workers.contains(where: { $0.slot == worker.predecessor && $0.renewal == .roll }) else { return }
        roll?.failures += 1
        guard let roll, roll.hasFailed else { return }
        // The old generation goes on, as if nothing had been ordered.
        workers.forgetRoll()
        forks.ledger.succeed(worker.number)
        let verdict = "abandoned: worker \(worker.number) cannot boot, the old workers go on"
        say(.error, "roll finished", roll.report(at: now, verdict: verdict) + [.text("how", how)])
        self.roll = nil
    }

    /// The roll ends where it is.
    mutating func breakOffRoll(because reason: String, at now: MonotonicInstant) {
        guard let roll else { return }
        say(.warning, "roll finished", roll.report(at: now, verdict: "broken off: \(reason)"))
        workers.forgetRoll()
        self.roll = nil
    }
}
