/// Everything that a supervisor can do. The driver does it, in the order given, and reports back by an ``Event``.
enum Effect: Equatable {
    /// Fork a worker. Answered by ``Event/forked(slot:pid:)`` or ``Event/forkFailed(slot:reason:)``.
    case fork(WorkerSpec)
    /// Send a signal to a child that has not been reaped.
    case send(WorkerSignal, pid: Int32)
    /// Say something.
    case notice(Notice)

    /// Let readiness probes say no.
    case announceStop
    /// Let the kernel refuse new connections from now on.
    case refuseNewConnections
    /// Look at these workers and at the queue. Answered by ``Event/observed(_:)``.
    case observe([Int32], memory: Bool)
    /// Ask how many workers the limits of the service call for. Answered by ``Event/advised(workers:)``.
    case askAdvice
    /// Make the periodic report, and say it.
    case report
    /// Look whether connections are left. Answered by ``Event/backlog(waiting:handshakes:mail:)``.
    case inspectBacklog

    /// Start the program on disk beside this one, to see whether it can serve. Answered by ``Event/preflightStarted(pid:)`` if
    /// it could be started, and by ``Event/preflightEnded(failure:)`` in any case.
    case preflight
    /// Let the program on disk take this process over, with all its children, if ``SupervisorState/handover`` still says so
    /// when everything that was read has been dealt with. Answered only when that fails.
    case handOver

    /// End the supervisor.
    case finish(ExitCode)
}

/// A worker to be.
struct WorkerSpec: Equatable {
    var slot: Int
    var number: Int
    var generation: Int
    var role: ChildRole

    /// Whether it is no worker, but the child beside them.
    var isCompanion: Bool { Scoreboard.companionSlots.contains(slot) }

    /// Whether it only serves what is left in the accept queue, and leaves.
    var isLast: Bool { role == .lastWorker }
}

/// How a worker is told.
enum WorkerSignal: Equatable {
    /// Finish and leave.
    case terminate
    /// Leave at once.
    case quit
    /// Say where you are and die.
    case abort
    /// Die.
    case kill
}
