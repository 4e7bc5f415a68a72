import CLinux
import Glibc

/// What another thread of this process is doing.
public struct ThreadStatus: Sendable {
    private let id: pid_t
    private let clock: clockid_t

    /// Of the calling thread, to be looked at by others for as long as it lives.
    public init() {
        id = clinux_thread_id()
        var clock = clockid_t()
        _ = unsafe pthread_getcpuclockid(pthread_self(), &clock)
        self.clock = clock
    }

    /// Nanoseconds on a processor since the thread began (pthread_getcpuclockid(3)).
    public var processorTime: Int64 { readClock(clock) }

    /// Whether it runs or would if a processor were free: it waits for nothing else. `false` without /proc (proc_pid_stat(5)).
    public var isRunnable: Bool {
        // "7 (name) R 1 …"; the name may hold anything but is at most 15 bytes long.
        guard let text = SystemFile.read("/proc/self/task/\(id)/stat"), let end = text.lastIndex(of: ")") else {
            return false
        }
        return text[end...].dropFirst(2).first == "R"
    }
}
