import Glibc
import Linux

extension Listener {
    /// How often to try again. Too short to be noticed at a start, and cheap.
    private static let interval = Duration.milliseconds(50)

    /// As ``open(_:backlog:)``, but an address that is in use may become free: workers whose supervisor was killed still
    /// answer what they were sent.
    ///
    /// Holds signals as ``ProcessStart/holdSignals()`` does. `TERM`, `INT` or `QUIT` end the wait.
    ///
    /// - Parameters:
    ///   - address: where to listen.
    ///   - backlog: how many connections may wait to be accepted.
    ///   - timeout: how long to try.
    ///   - waiting: called once, when the address is found in use, with the reason.
    /// - Throws: ``ListenerError/toldToStop`` for a signal, else what the last try met.
    public static func open(
        _ address: ListenAddress,
        backlog: Int = defaultBacklog,
        timeout: Duration,
        waiting: (ListenerError) -> Void
    ) throws(ListenerError) -> Listener {
        ProcessStart.holdSignals()
        let deadline = MonotonicInstant.now + timeout
        var hasSaidSo = false
        while true {
            do throws(ListenerError) {
                return try open(address, backlog: backlog)
            } catch {
                guard case .addressInUse = error, .now < deadline else { throw error }
                if !hasSaidSo { waiting(error) }
                hasSaidSo = true
            }
            guard !isToldToStop(within: min(interval, deadline - .now)) else { throw .toldToStop }
        }
    }

    /// Waits that long, or for a signal that ends the service.
    private static func isToldToStop(within duration: Duration) -> Bool {
        let end = MonotonicInstant.now + duration
        let signals = SignalSet([SIGTERM, SIGINT, SIGQUIT])
        repeat {
            if signals.wait(atMost: end - .now) != nil { return true }
            // Nothing before the time is up: a handler ran, or the process was stopped and goes on.
        } while .now < end
        return false
    }
}
