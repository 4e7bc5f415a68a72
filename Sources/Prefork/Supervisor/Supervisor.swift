import Glibc
public import Linux

/// The parent of all workers: it starts them, replaces them, and stops them, and does nothing else.
///
/// The calling process becomes the supervisor. It must have a single thread, because fork(2) copies only one: no
/// `Task`, `await` or Dispatch before ``run()`` returns. Workers get copies of everything that exists by then, so what
/// must not be shared, such as database connections, is opened by the worker's body.
///
/// Call ``ProcessStart/holdSignals()`` first thing in `main`: a signal that comes before ``run()`` then waits for it.
///
/// Signals: `TERM` and `INT` stop gracefully, `QUIT` at once, `HUP` rolls all workers, `TTIN` and `TTOU` add and
/// remove one, `USR2` replaces the running program by the one on disk.
///
/// The limit on open descriptors is raised as far as the system allows, for the supervisor and all workers.
public struct Supervisor {
    private(set) var configuration: SupervisorConfiguration
    /// `nil` when its workers serve no socket.
    let listener: Listener?
    let notices: any NoticeOutput
    let report: PeriodicReport?
    /// Memory that the program which takes over in an upgrade goes on with, by a name of one word
    /// (``ProcessStart/keptMemory(_:)``). Its workers are those of this program at first, and write there.
    public var keptMemory: [String: SharedMemory] = [:]
    /// A child beside the workers, if there is to be one.
    public var companion: Companion? {
        didSet { configuration.companionName = companion?.name }
    }
    let body: @Sendable (Worker) -> Int32

    /// A supervisor that is ready to ``run()``.
    ///
    /// - Parameters:
    ///   - configuration: how many workers, and how patient to be with them.
    ///   - listener: the socket that all workers share; `nil` for workers that find their work elsewhere, such as in a
    ///     database. They have no mailboxes, and there is no queue to empty at the stop.
    ///   - notices: gets all that the supervisor has to say.
    ///   - report: what it says again and again while it serves.
    ///   - worker: the body of a worker. It runs in the worker's process and returns the worker's exit code, 0 after a
    ///     graceful leave.
    public init(
        configuration: SupervisorConfiguration,
        listener: Listener? = nil,
        notices: any NoticeOutput,
        report: PeriodicReport? = nil,
        worker: @escaping @Sendable (Worker) -> Int32
    ) {
        self.configuration = configuration
        self.configuration.reportInterval = report?.interval
        self.report = report
        self.listener = listener
        self.notices = notices
        self.body = worker
    }

    /// Starts the workers and looks after them until the service has stopped. The process should then exit with the
    /// code: the supervisor's signals stay blocked, so that one more `TERM` on the way out does not change it.
    public func run() -> ExitCode {
        CurrentProcess.raiseDescriptorLimit()
        // From here on, if not before, no signal is lost: it waits until it is read.
        var inherited = ProcessStart.maskBefore
        // What a program that handed over to this one had blocked is not what the service was started with.
        if ProcessStart.isTakeover { inherited = .none }
        // A child whose parent ignores SIGCHLD vanishes unseen, and who started us may have ignored it.
        signal(SIGCHLD, SIG_DFL)
        do throws(SystemError) {
            return try SupervisorLoop(self, inheritedMask: inherited).run()
        } catch {
            notices.write(Notice(.error, "supervisor cannot start", [.text("reason", error.description)]))
            return .workersCannotBoot
        }
    }
}

extension Supervisor {
    /// The same service for a preflight: one worker, one try, and what it says cannot be mistaken for the service's own.
    var forPreflight: Supervisor {
        var configuration = SupervisorConfiguration(workers: 1)
        configuration.bootTimeout = self.configuration.bootTimeout
        configuration.shutdownTimeout = self.configuration.shutdownTimeout
        configuration.lanes = self.configuration.lanes
        configuration.bootAttempts = 1
        configuration.stopsWhenReady = true
        configuration.title = self.configuration.title
        configuration.workerName = self.configuration.workerName
        return Supervisor(
            configuration: configuration,
            listener: listener,
            notices: PreflightOutput(notices),
            worker: body
        )
    }
}
