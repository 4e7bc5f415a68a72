/// An upgrade under way: the program on disk replaces the one that runs.
///
/// The program on disk is first started beside this one, with the listener inherited: it must boot a worker and leave
/// again (the rehearsal). Only then the file that was rehearsed, held open since, takes this very process over by exec(2),
/// keeping its id, its workers and the listener, so that whoever watches the process (a container's PID 1, systemd, a
/// Procfile runner) sees no change. The old workers serve until, as in any roll, their successors are ready.
enum Upgrade: Equatable {
    case none
    case starting
    case rehearsing(pid: Int32, until: MonotonicInstant)
    /// The rehearsal went well. Workers that boot are waited for.
    case rehearsed
    /// The new program is asked to take over.
    case takingOver
    /// The rehearsal is of no use any more, and was told to leave.
    case failing(pid: Int32, until: MonotonicInstant, reason: String)

    /// Whether a child of ours is the rehearsal.
    var isRehearsing: Bool {
        switch self {
        case .none, .starting, .rehearsed, .takingOver: false
        case .rehearsing, .failing: true
        }
    }

    var deadline: MonotonicInstant? {
        switch self {
        case .none, .starting, .rehearsed, .takingOver: nil
        case .rehearsing(_, let until), .failing(_, let until, _): until
        }
    }

    mutating func shift(by duration: Duration) {
        switch self {
        case .none, .starting, .rehearsed, .takingOver: break
        case .rehearsing(let pid, let until): self = .rehearsing(pid: pid, until: until + duration)
        case .failing(let pid, let until, let reason):
            self = .failing(pid: pid, until: until + duration, reason: reason)
        }
    }
}

extension SupervisorState {
    mutating func beginUpgrade() {
        guard upgrade == .none else { return }
        upgrade = .starting
        say(.info, "upgrade started")
        effects.append(.rehearse)
    }

    mutating func rehearsing(_ pid: Int32, at now: MonotonicInstant) {
        guard upgrade == .starting else {
            // Given up in the same breath, before there was anybody to tell.
            effects.append(.send(.kill, pid: pid))
            return
        }
        upgrade = .rehearsing(pid: pid, until: now + configuration.bootTimeout + configuration.shutdownTimeout)
    }

    mutating func expireUpgrade(at now: MonotonicInstant) {
        guard let deadline = upgrade.deadline, deadline <= now else { return }
        switch upgrade {
        case .rehearsing(let pid, _):
            effects.append(.send(.terminate, pid: pid))
            let reason = "the new program did not become ready in time"
            upgrade = .failing(pid: pid, until: now + .seconds(1), reason: reason)
        case .failing(let pid, _, let reason):
            effects.append(.send(.kill, pid: pid))
            upgrade = .failing(pid: pid, until: now + .seconds(5), reason: reason)
        case .none, .starting, .rehearsed, .takingOver: break
        }
    }

    mutating func rehearsalEnded(failure: String?) {
        switch upgrade {
        case .starting, .rehearsing:
            if let failure {
                upgrade = .none
                sayAbandoned(failure)
            } else {
                upgrade = .rehearsed
                say(.info, "upgrade rehearsed")
            }
        case .failing(_, _, let reason):
            upgrade = .none
            sayAbandoned(reason)
        case .none, .rehearsed, .takingOver: break
        }
    }

    /// Hands over as soon as nobody boots. Who was to leave for whom is not handed over: a successor that became ready
    /// in the next program would leave its predecessor where it is.
    mutating func takeOverWhenAllAreReady(at now: MonotonicInstant) {
        guard upgrade == .rehearsed, !workers.contains(where: { $0.phase == .booting }) else { return }
        upgrade = .takingOver
        breakOffRoll(because: "the next program replaces all workers", at: now)
        effects.append(.handOver)
    }

    /// The old program goes on, or stops with the rehearsal, which gets the time that a worker gets.
    mutating func abandonUpgrade(because reason: String, at now: MonotonicInstant) {
        switch upgrade {
        case .none: return
        case .rehearsing(let pid, _), .failing(let pid, _, _):
            effects.append(.send(stop.isQuick ? .kill : .terminate, pid: pid))
            let patience = stop.isQuick ? .seconds(1) : configuration.shutdownTimeout
            upgrade = .failing(pid: pid, until: now + patience, reason: reason)
        case .starting, .rehearsed, .takingOver:
            upgrade = .none
            sayAbandoned(reason)
        }
    }

    private mutating func sayAbandoned(_ reason: String) {
        say(.error, "upgrade abandoned", [.text("because", reason), .text("effect", "the old program goes on")])
    }
}
