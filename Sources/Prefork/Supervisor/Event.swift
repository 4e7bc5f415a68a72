import Linux

/// Everything that can happen to a supervisor. ``SupervisorState/handle(_:at:)`` says what follows.
enum Event: Equatable {
    /// The supervisor begins its work.
    case started

    /// A fork went well: the worker in that slot has this process id.
    case forked(slot: Int, pid: Int32)
    /// A fork was refused, usually because the system has too many processes.
    case forkFailed(slot: Int, reason: String)
    /// A worker says that it serves.
    case becameReady(pid: Int32)
    /// A worker says that it reached a limit.
    case askedForReplacement(pid: Int32)
    /// A worker says that it leaves, although it was not told to: somebody else sent it a TERM.
    case beganDraining(pid: Int32)
    /// A child was reaped. It need not be one of ours.
    case exited(pid: Int32, WorkerExit)

    /// Somebody told the supervisor what to do.
    case ordered(Order)

    /// The time that ``SupervisorState/nextDeadline`` named has come.
    case timer
    /// The supervisor itself was stopped or suspended, and has not looked for that long.
    case overslept(Duration)
    /// A look at the scoreboard and the listener, as ``Effect/observe(_:memory:)`` asked for.
    case observed(Observation)
    /// How many workers the limits of the service call for, as ``Effect/askAdvice`` asked for.
    case advised(workers: Int)
    /// A look at the listener and at the mailboxes of vacant slots, as ``Effect/inspectBacklog`` asked for.
    case backlog(waiting: Int, handshakes: Int, mail: Int)

    /// The new program was started for its preflight.
    case preflightStarted(pid: Int32)
    /// The preflight is over, and what was wrong with it, if anything was.
    case preflightEnded(failure: String?)
    /// The new program could not take over.
    case takeoverFailed(reason: String)
}

/// What an operator can order by a signal.
enum Order: Equatable, CaseIterable {
    case stop
    case stopNow
    case roll
    case grow
    case shrink
    case upgrade
}

/// What the supervisor sees when it looks around.
struct Observation: Equatable {
    struct Worker: Equatable {
        var pid: Int32
        /// Since when it has been in a request, the longest when it is in several.
        var busySince: MonotonicInstant?
        /// When the first of its requests must be over.
        var deadline: MonotonicInstant?
        /// How many of its threads have a lane, and how many of them are in no request.
        var lanes = 1
        var freeLanes = 0
        /// How many more requests could wait there at the same time, each on a thread of its own. `nil` when the worker has not
        /// said.
        var freeThreads: Int?
        /// How many have such a thread.
        var running = 0
        /// How many requests have been read there and wait for a thread.
        var waiting = 0
        /// Its proportional share of memory in bytes, when that was asked for and could be read.
        var memory: Int?

        /// Whether another request would not be served at once: all threads wait, or the one that runs the loop is in a handler
        /// itself, which computes, or it would have lost the loop.
        var isBusy: Bool {
            guard busySince != nil else { return false }
            guard let freeThreads else { return freeLanes == 0 }
            return freeThreads == 0 || lanes - freeLanes > running
        }
    }

    var workers: [Worker]
    /// How many connections wait to be accepted.
    var waiting: Int
}
