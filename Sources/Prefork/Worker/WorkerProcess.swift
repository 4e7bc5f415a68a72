import Glibc
import Linux

/// What runs in a worker's process.
///
/// The body gets a fresh thread. This one, which came through the fork, still looks to the C library like the
/// supervisor's: a lock it touched could end the process. So it only waits for signals.
struct WorkerProcess {
    let worker: Worker
    let body: @Sendable (Worker) -> Int32
    let shutdownTimeout: Duration
    /// Whether it only serves what is left in the queue.
    let isLast: Bool
    /// Closed to newcomers by the worker when the supervisor cannot any more.
    let listener: Listener?

    /// How long a worker that was told to leave while it boots may go on booting.
    private static let bootDrainTime = Duration.seconds(2)
    /// How long a thread may take to write down where it is.
    private static let backtraceTime = Duration.milliseconds(200)

    private static let awaited = SignalSet([SIGTERM, SIGINT, SIGQUIT, SIGABRT])

    func run() -> Never {
        // The supervisor may have died between the fork and this line: then no signal will come.
        CurrentProcess.setParentDeathSignal(SIGTERM)
        worker.slot.claim(pid: getpid())
        OutOfMemoryScore.raise(above: worker.supervisor)
        worker.slot.lane(0).recordOtherCrashes()
        SignalSet(SignalSet.managed + [SIGABRT]).block()
        startBody()
        Backtrace.blockCrashSignals()
        waitForSignals()
    }

    private func startBody() {
        let (worker, body) = (worker, body)
        let thread = try? Thread.start {
            worker.slot.lane(0).attachThread()
            // Never exit(3): what the supervisor registered to run at its exit is not the worker's.
            _exit(body(worker))
        }
        if thread == nil { _exit(ExitCode.workersCannotBoot.rawValue) }
    }

    private func waitForSignals() -> Never {
        var drainingSince: MonotonicInstant?
        if isLast || worker.supervisorIsGone { drainingSince = beginDraining() }
        while true {
            let deadline = drainingSince.map { $0 + drainTime }
            switch Self.awaited.wait(atMost: deadline.map { $0 - .now }) {
            case SIGTERM, SIGINT:
                // Told again, it may have to hurry.
                if drainingSince != nil { worker.shutdownEvent.signal() }
                drainingSince = drainingSince ?? beginDraining()
            case SIGQUIT: _exit(WorkerExit.immediate)
            case SIGABRT: abortWithBacktrace()
            default:
                guard let drainingSince, drainingSince + drainTime <= .now else { continue }
                _exit(hasNothingToLose ? 0 : WorkerExit.drainExpired)
            }
        }
    }

    /// Tells the body, and the supervisor should it not know.
    private func beginDraining() -> MonotonicInstant {
        if worker.supervisorIsGone { try? listener?.refuseNewConnections() }
        worker.slot.beginDraining()
        worker.shutdownEvent.signal()
        worker.wakeup.signal()
        return .now
    }

    /// A worker that was told to leave while it boots holds no request. Once it is ready after all, it may.
    private var hasNothingToLose: Bool { worker.slot.readyAt == nil && !isLast }

    private var drainTime: Duration {
        hasNothingToLose ? min(Self.bootDrainTime, shutdownTimeout) : shutdownTimeout
    }

    /// Lets the threads that are in a request write down where they are, or all when none is, and dies.
    private func abortWithBacktrace() -> Never {
        let attached = worker.slot.lanes.filter { $0.thread != nil }
        let busy = attached.filter { $0.busySince != nil }
        let asked = busy.isEmpty ? attached : busy
        Backtrace.request(of: asked.compactMap(\.thread))
        let deadline = MonotonicInstant.now + Self.backtraceTime
        while asked.contains(where: \.backtrace.isEmpty) && .now < deadline { usleep(1000) }
        // Death by the signal itself, so that the system writes a core dump where it is told to.
        signal(SIGABRT, SIG_DFL)
        SignalSet.none.block()
        kill(getpid(), SIGABRT)
        _exit(128 + SIGABRT)
    }
}
