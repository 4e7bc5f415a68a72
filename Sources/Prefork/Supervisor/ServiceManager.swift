import Glibc
import Linux

/// Who started the service and wants to hear how it is, such as systemd with `Type=notify` (sd_notify(3)): that it is ready, that
/// it renews its workers or its program, that it stops, and, where a watchdog is set (`WatchdogSec=`), that the supervisor turns.
///
/// Nothing here waits and nothing fails: a service does not suffer because nobody listens to it. What finds no room in the
/// manager's socket is said a moment later, the newest state alone.
struct ServiceManager {
    private let socket: SocketAddress
    /// How often the watchdog wants to hear something; `nil` when there is none.
    private let interval: Duration?
    private var beatAt: MonotonicInstant?
    private var isReady = false
    /// The newest state, while it could not be said.
    private var unsaid: String?
    private var retryAt: MonotonicInstant?

    /// How soon to try again what found no room.
    private static let retryInterval = Duration.milliseconds(100)

    /// The one that the environment names; `nil` without any.
    init?() {
        self.init({ CurrentProcess.environment($0) }, at: .now)
    }

    /// The one that variables name.
    init?(_ environment: (String) -> String?, at now: MonotonicInstant) {
        guard let name = environment("NOTIFY_SOCKET"),
            let socket = name.hasPrefix("@")
                ? SocketAddress(abstractName: String(name.dropFirst()))
                : name.hasPrefix("/") ? SocketAddress(path: name) : nil
        else { return nil }
        self.socket = socket
        interval = Self.watchdogInterval(
            microseconds: environment("WATCHDOG_USEC"),
            pid: environment("WATCHDOG_PID"),
            of: getpid()
        )
        if interval != nil { beatAt = now }
    }

    /// Half of what the watchdog grants (sd_watchdog_enabled(3)); `nil` when it is not meant for this process.
    static func watchdogInterval(microseconds: String?, pid: String?, of process: Int32) -> Duration? {
        guard let microseconds = microseconds.flatMap({ Int64($0) }), microseconds > 1,
            pid == nil || pid.flatMap({ Int32($0) }) == process
        else { return nil }
        return .microseconds(microseconds / 2)
    }

    /// When ``turn(at:)`` has something to say; `nil` for never.
    var nextDeadline: MonotonicInstant? { [beatAt, retryAt].compactMap(\.self).min() }

    /// The supervisor turns: says so to a watchdog, and what could not be said before.
    mutating func turn(at now: MonotonicInstant) {
        if let unsaid, let retryAt, retryAt <= now { say(unsaid, at: now) }
        guard let interval, let beatAt, beatAt <= now else { return }
        self.beatAt = now + interval
        // The next one comes soon enough.
        _ = send("WATCHDOG=1")
    }

    /// Says what of a notice concerns it.
    mutating func tell(_ notice: Notice, at now: MonotonicInstant) {
        switch notice.message {
        case "ready":
            isReady = true
            var status = ""
            if case .integer(let workers)? = notice["workers"] { status = "\nSTATUS=\(workers) workers are ready" }
            say("READY=1" + status, at: now)
        case "roll started": say(Self.reloading("workers are being replaced", at: now), at: now)
        // Before the service was ready once, the one word that it is ready is still to come.
        case "roll finished" where isReady: sayReadyAgain(at: now)
        case "stopping", "stopping at once":
            isReady = false
            say("STOPPING=1\nSTATUS=requests that were begun are finished", at: now)
        case "workers cannot boot": say("STOPPING=1\nSTATUS=no worker could boot", at: now)
        default: break
        }
    }

    /// The next program takes this process over, and will say that it is ready.
    mutating func tellOfTakeover(at now: MonotonicInstant) {
        say(Self.reloading("the next program takes over", at: now) + "\nMAINPID=\(getpid())", at: now)
    }

    /// Nothing came of it.
    mutating func tellOfFailedTakeover(at now: MonotonicInstant) { if isReady { sayReadyAgain(at: now) } }

    private mutating func sayReadyAgain(at now: MonotonicInstant) { say("READY=1\nSTATUS=workers are ready", at: now) }

    /// With the time, by which a manager tells it from the end of an earlier one (`Type=notify-reload`).
    private static func reloading(_ status: String, at now: MonotonicInstant) -> String {
        "RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1000)\nSTATUS=\(status)"
    }

    private mutating func say(_ state: String, at now: MonotonicInstant) {
        let isSaid = send(state)
        unsaid = isSaid ? nil : state
        retryAt = isSaid ? nil : now + Self.retryInterval
    }

    /// Whether it need not be said again: it was said, or nobody listens.
    private func send(_ text: String) -> Bool {
        let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
        let descriptor = Glibc.socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return true }
        let sender = FileDescriptor(owning: descriptor)
        // Each time anew, as sd_notify(3) does: the socket at the path may be another one by now.
        guard (try? socket.connect(sender.rawValue)) != nil else { return true }
        let sent = unsafe Array(text.utf8).withUnsafeBytes { bytes in
            unsafe Glibc.send(sender.rawValue, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
        }
        return sent >= 0 || errno != EAGAIN
    }
}
