import CLinux
import Glibc

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
    let listener: Listener

    /// How long a worker that was told to leave while it boots may go on booting.
    private static let bootingPatience = Duration.seconds(2)
    /// How long the body's thread may take to write down where it is.
    private static let backtraceTime = Duration.milliseconds(200)

    private static let awaited: [CInt] = [SIGTERM, SIGINT, SIGQUIT, SIGABRT]

    func run() -> Never {
        // The supervisor may have died between the fork and this line: then no signal will come.
        _ = clinux_set_parent_death_signal(SIGTERM)
        worker.slot.claim(pid: getpid())
        OutOfMemoryScore.raise(above: worker.supervisor)
        Backtrace.prepare(worker.slot)
        SignalSet.block(SignalSet.set(of: SignalSet.managed + [SIGABRT]))
        let thread = startBody()
        Backtrace.leaveCrashesToOthers()
        waitForSignals(body: thread)
    }

    private func startBody() -> pthread_t {
        let job = unsafe Unmanaged.passRetained(Job(worker: worker, body: body)).toOpaque()
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { _exit(ExitCode.workersCannotBoot.rawValue) }
                Backtrace.prepareThread()
                let job = unsafe Unmanaged<Job>.fromOpaque(argument).takeRetainedValue()
                // Never exit(3): what the supervisor registered to run at its exit is not the worker's.
                _exit(job.body(job.worker))
            },
            job
        )
        guard code == 0 else { _exit(ExitCode.workersCannotBoot.rawValue) }
        return thread
    }

    private func waitForSignals(body: pthread_t) -> Never {
        var leavingSince: MonotonicInstant?
        if isLast || worker.supervisorIsGone { leavingSince = leave() }
        while true {
            let deadline = leavingSince.map { $0 + patience }
            switch Self.nextSignal(until: deadline) {
            case SIGTERM, SIGINT:
                // Told again, it may have to hurry.
                if leavingSince != nil { EventDescriptor.signal(worker.shutdown) }
                leavingSince = leavingSince ?? leave()
            case SIGQUIT: _exit(Death.immediate)
            case SIGABRT: dieWithLastWords(body: body)
            default:
                guard let leavingSince, leavingSince + patience <= .now else { continue }
                _exit(hasNothingToLose ? 0 : Death.drainExpired)
            }
        }
    }

    /// Tells the body, and the supervisor should it not know.
    private func leave() -> MonotonicInstant {
        if worker.supervisorIsGone { try? listener.refuseNewConnections() }
        worker.slot.beginDraining()
        EventDescriptor.signal(worker.shutdown)
        EventDescriptor.signal(worker.poke)
        return .now
    }

    /// A worker that was told to leave while it boots holds no request. Once it is ready after all, it may.
    private var hasNothingToLose: Bool { worker.slot.readyAt == nil && !isLast }

    private var patience: Duration {
        hasNothingToLose ? min(Self.bootingPatience, shutdownTimeout) : shutdownTimeout
    }

    /// Waits for one of our signals. 0 when the time is up, or for no reason.
    private static func nextSignal(until deadline: MonotonicInstant?) -> CInt {
        var set = SignalSet.set(of: awaited)
        guard let deadline else { return unsafe max(0, sigwaitinfo(&set, nil)) }
        var timeout = timespec(max(.zero, deadline - .now))
        return unsafe max(0, sigtimedwait(&set, nil, &timeout))
    }

    private func dieWithLastWords(body: pthread_t) -> Never {
        Backtrace.ask(body)
        let deadline = MonotonicInstant.now + Self.backtraceTime
        while worker.slot.backtrace.isEmpty && .now < deadline { usleep(1000) }
        // Death by the signal itself, so that the system writes a core dump where it is told to.
        signal(SIGABRT, SIG_DFL)
        SignalSet.block(SignalSet.set(of: []))
        kill(getpid(), SIGABRT)
        _exit(128 + SIGABRT)
    }

    private final class Job: Sendable {
        let worker: Worker
        let body: @Sendable (Worker) -> Int32

        init(worker: Worker, body: @escaping @Sendable (Worker) -> Int32) {
            self.worker = worker
            self.body = body
        }
    }
}

extension timespec {
    init(_ duration: Duration) {
        let nanoseconds = duration.inNanoseconds
        self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
