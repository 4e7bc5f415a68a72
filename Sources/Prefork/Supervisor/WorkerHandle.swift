/// The supervisor's view of one worker.
struct WorkerHandle: Equatable {
    enum Phase: Equatable {
        /// On its way to being ready.
        case booting
        /// Serving.
        case ready
        /// Told to leave, or leaving by itself.
        case leaving
        /// Told to die, because it overstayed.
        case dying(Fault)
    }

    /// Why a worker had to be killed.
    enum Fault: Equatable {
        case boot
        case leave
        case request
    }

    /// Why a worker that serves is to be replaced.
    enum Renewal: Equatable {
        case roll
        case limit
        case age
        case memory
    }

    let slot: Int
    let number: Int
    let generation: Int
    let forkedAt: MonotonicInstant
    /// `nil` until the fork is confirmed.
    var pid: Int32?
    var phase = Phase.booting
    var readyAt: MonotonicInstant?
    /// When the patience with the present phase ends.
    var deadline: MonotonicInstant?
    /// The slot of the worker that leaves as soon as this one is ready.
    var predecessor: Int?
    var renewal: Renewal?
    /// When it is too old.
    var expiresAt: MonotonicInstant?
    /// How many looks in a row found it too big.
    var oversizeSamples = 0

    /// Whether it serves, or will.
    var isStaying: Bool { phase == .booting || phase == .ready }
    /// Whether it holds a place of its own, not that of a predecessor.
    var isStaffed: Bool { isStaying && predecessor == nil }
    var isSuccessor: Bool { isStaying && predecessor != nil }

    var fields: [Notice.Field] {
        [.integer("worker", pid ?? 0), .integer("number", number), .integer("generation", generation)]
    }
}
