import Linux

/// The supervisor's view of one worker.
struct WorkerHandle: Equatable {
    /// Where in its life a worker is, and when its time for that is up.
    enum Phase: Equatable {
        /// On its way to being ready.
        case booting(until: MonotonicInstant)
        /// Serving.
        case ready(since: MonotonicInstant)
        /// Told to leave, or leaving by itself: finishing its requests.
        case draining(until: MonotonicInstant)
        /// Told to die, because it overstayed.
        case aborting(Fault, until: MonotonicInstant)
    }

    /// Why a worker had to be killed.
    enum Fault: Equatable {
        case boot
        case drain
        case request
    }

    /// Why a worker that serves is to be replaced.
    enum Renewal: Equatable {
        case roll
        case limit
        case age
        case memory
    }

    let spec: WorkerSpec
    let forkedAt: MonotonicInstant
    var phase: Phase
    /// `nil` until the fork is confirmed.
    var pid: Int32?
    /// The slot of the worker that leaves as soon as this one is ready.
    var predecessor: Int?
    /// Why it is to be replaced, if it is.
    var renewal: Renewal?
    /// When it is too old.
    var expiresAt: MonotonicInstant?
    /// How many looks in a row found it too big.
    var oversizeSamples = 0

    init(_ spec: WorkerSpec, _ phase: Phase, at now: MonotonicInstant) {
        self.spec = spec
        self.phase = phase
        forkedAt = now
    }

    var slot: Int { spec.slot }
    var number: Int { spec.number }
    var generation: Int { spec.generation }

    var isBooting: Bool { if case .booting = phase { true } else { false } }
    var isReady: Bool { if case .ready = phase { true } else { false } }
    var isDraining: Bool { if case .draining = phase { true } else { false } }
    /// Whether it serves, or will.
    var isStaying: Bool { isBooting || isReady }
    /// Whether it holds a place of its own, not that of a predecessor.
    var isStaffed: Bool { isStaying && predecessor == nil }
    var isSuccessor: Bool { isStaying && predecessor != nil }

    /// When its time in the present phase is up. A worker that serves has all the time it wants.
    var deadline: MonotonicInstant? {
        switch phase {
        case .ready: nil
        case .booting(let until), .draining(let until), .aborting(_, let until): until
        }
    }

    /// Its time in the present phase is up that much later.
    mutating func extendDeadline(by duration: Duration) {
        switch phase {
        case .ready: break
        case .booting(let until): phase = .booting(until: until + duration)
        case .draining(let until): phase = .draining(until: until + duration)
        case .aborting(let fault, let until): phase = .aborting(fault, until: until + duration)
        }
    }

    var fields: [Notice.Field] {
        [.integer("worker", pid ?? 0), .integer("number", number), .integer("generation", generation)]
    }
}
