import Glibc
public import Linux

/// What a worker's body gets: its identity, the listener it shares with its siblings, and its ways to talk to the supervisor.
///
/// The body runs on a thread of its own in the worker's process. It opens what it needs, calls ``becomeReady()``, accepts
/// and serves connections from ``listener``, or finds its work elsewhere, and returns its exit code soon after ``shutdown`` became readable.
public struct Worker: Sendable {
    /// Which worker this is: 1, 2, 3 … A successor takes over its predecessor's number.
    public let number: Int
    /// Which roll made this worker. The first generation is 1.
    public let generation: Int
    /// Whether it was only started, by an upgrade, to show that this program can serve: it boots, says that it is ready, and is
    /// told to leave. It must not touch what the running service's workers do.
    public let isPreflight: Bool
    /// The listening socket, shared with all other workers. Non-blocking. `nil` in a preflight, because the running service's
    /// clients are not its own, and in a service without a listener.
    public let listener: CInt?
    /// An eventfd that is readable from the moment on which the worker must finish and leave. Do not read from it.
    public var shutdown: CInt { shutdownEvent.rawValue }
    /// This worker's place on the scoreboard. Only this worker may write there.
    public let slot: WorkerSlot
    /// The scoreboard with every worker's slot, for reading.
    public let scoreboard: Scoreboard
    /// The other workers: what they have to do, and messages to them.
    public let siblings: Siblings

    let supervisor: Int32
    let shutdownEvent: EventFD
    /// By which the supervisor learns that there is news on the scoreboard.
    let wakeup: EventFD

    /// Tells the supervisor that this worker serves now. Until then it must not accept connections.
    public func becomeReady() {
        slot.becomeReady()
        wakeup.signal()
    }

    /// Says in the process title what this worker is about. Only its body's thread may.
    public func show(_ activity: Activity) { activity.show() }

    /// Asks to be replaced, because a limit such as the number of requests was reached. The worker goes on serving:
    /// the supervisor starts a successor first and then tells this worker to leave. Asking again changes nothing.
    public func askForReplacement() {
        guard slot.requestReplacement() else { return }
        wakeup.signal()
    }

    /// Whether nobody will serve when this worker has left: the whole service is about to leave. Readiness probes should say
    /// no from then on, although requests are still served; not before, because siblings serve on when one worker leaves.
    /// It may become so while the worker is leaving already, and ``shutdown`` is rung again then.
    public var isLast: Bool { scoreboard.isStopping || supervisorIsGone }

    var supervisorIsGone: Bool { getppid() != supervisor }
}
