import Linux

/// An upgrade under way: the program on disk replaces the one that runs.
///
/// The program on disk is first started beside this one, with the listener inherited: it must boot a worker and leave
/// again (the preflight). Only then the file that was tried, held open since, takes this very process over by exec(2),
/// keeping its id, its workers and the listener, so that whoever watches the process (a container's PID 1, systemd, a
/// Procfile runner) sees no change. The old workers serve until, as in any roll, their successors are ready.
struct Upgrade: Equatable {
    enum Phase: Equatable {
        case none
        case starting
        case preflight(pid: Int32, until: MonotonicInstant)
        /// The preflight went well. Workers that boot are waited for.
        case passed
        /// The new program is asked to take over.
        case takingOver
        /// The preflight is of no use any more, and was told to leave.
        case failing(pid: Int32, until: MonotonicInstant, reason: String)
    }

    /// How long a preflight that was told to leave because it took too long may take for that.
    private static let timeToLeave = Duration.seconds(1)
    /// How long until one that was killed is killed again. Only a process that the kernel itself holds lives that long.
    private static let timeToDie = Duration.seconds(5)

    private(set) var phase = Phase.none

    /// Whether a child of ours is the preflight.
    var hasPreflight: Bool {
        switch phase {
        case .none, .starting, .passed, .takingOver: false
        case .preflight, .failing: true
        }
    }

    /// Whether successors would only hold the next program up.
    var isAboutToTakeOver: Bool { phase == .passed || phase == .takingOver }

    var deadline: MonotonicInstant? {
        switch phase {
        case .none, .starting, .passed, .takingOver: nil
        case .preflight(_, let until), .failing(_, let until, _): until
        }
    }

    mutating func shift(by duration: Duration) {
        switch phase {
        case .none, .starting, .passed, .takingOver: break
        case .preflight(let pid, let until): phase = .preflight(pid: pid, until: until + duration)
        case .failing(let pid, let until, let reason):
            phase = .failing(pid: pid, until: until + duration, reason: reason)
        }
    }

    // MARK: - What happens, and what follows

    mutating func begin() -> [Effect] {
        guard phase == .none else { return [] }
        phase = .starting
        return [.notice(Notice(.info, "upgrade started")), .preflight]
    }

    mutating func preflightStarted(_ pid: Int32, until deadline: MonotonicInstant) -> [Effect] {
        // Given up in the same breath, before there was anybody to tell.
        guard phase == .starting else { return [.send(.kill, pid: pid)] }
        phase = .preflight(pid: pid, until: deadline)
        return []
    }

    mutating func preflightEnded(failure: String?) -> [Effect] {
        switch phase {
        case .starting, .preflight:
            guard let failure else {
                phase = .passed
                return [.notice(Notice(.info, "upgrade preflight passed"))]
            }
            return abandoned(because: failure)
        case .failing(_, _, let reason): return abandoned(because: reason)
        case .none, .passed, .takingOver: return []
        }
    }

    /// Hands over. Who was to leave for whom is not handed over: a successor that became ready in the next program would
    /// leave its predecessor where it is. So nobody may boot.
    mutating func takeOver() -> [Effect] {
        phase = .takingOver
        return [.handOver]
    }

    /// All that is late is dealt with.
    mutating func expire(at now: MonotonicInstant) -> [Effect] {
        guard let deadline, deadline <= now else { return [] }
        switch phase {
        case .preflight(let pid, _):
            let reason = "the new program did not become ready in time"
            phase = .failing(pid: pid, until: now + Self.timeToLeave, reason: reason)
            return [.send(.terminate, pid: pid)]
        case .failing(let pid, _, let reason):
            phase = .failing(pid: pid, until: now + Self.timeToDie, reason: reason)
            return [.send(.kill, pid: pid)]
        case .none, .starting, .passed, .takingOver: return []
        }
    }

    /// The old program goes on, or stops with the preflight, which gets the time that a worker gets.
    /// - Parameter timeout: `nil` when it gets none.
    mutating func abandon(because reason: String, timeout: Duration?, at now: MonotonicInstant) -> [Effect] {
        switch phase {
        case .none: return []
        case .preflight(let pid, _), .failing(let pid, _, _):
            phase = .failing(pid: pid, until: now + (timeout ?? Self.timeToLeave), reason: reason)
            return [.send(timeout == nil ? .kill : .terminate, pid: pid)]
        case .starting, .passed, .takingOver: return abandoned(because: reason)
        }
    }

    private mutating func abandoned(because reason: String) -> [Effect] {
        phase = .none
        let fields: [Notice.Field] = [.text("because", reason), .text("effect", "the old program goes on")]
        return [.notice(Notice(.error, "upgrade abandoned", fields))]
    }
}
