import CLinux
import Glibc

/// What a process asks of the system about itself, and sets for itself.
public enum CurrentProcess {
    /// What the process was started with, the program's own name first. Unlike `CommandLine` on Linux it needs no /proc.
    ///
    /// Ask for it before ``setTitle(_:)``, which overwrites it.
    public static let arguments: [String] = (0..<clinux_argument_count()).map {
        unsafe String(cString: clinux_argument($0))
    }

    /// How many threads it has, 0 without /proc.
    public static var threadCount: Int { max(0, Int(clinux_thread_count())) }

    /// How many processors it may run on (sched_getaffinity(2)).
    public static var usableProcessors: Int { Int(clinux_usable_processors()) }

    /// From now on it may open as many descriptors as the system lets it at most, and so may its children: the soft limit of
    /// 1024 that most systems start a process with is there for programs that use select(2) (getrlimit(2), RLIMIT_NOFILE).
    public static func raiseDescriptorLimit() { _ = clinux_raise_descriptor_limit() }

    /// The signal that it gets when the thread that forked it ends (prctl(2), PR_SET_PDEATHSIG).
    public static func setParentDeathSignal(_ signal: CInt) { _ = clinux_set_parent_death_signal(signal) }

    /// What ps(1) shows as the command's name, cut to 15 bytes (prctl(2), PR_SET_NAME).
    public static func setName(_ name: String) { unsafe _ = clinux_set_name(name) }

    /// What ps(1) shows as the command line, cut to the room that arguments and environment had at start. Call it from a
    /// single-threaded process: the first call moves the environment.
    public static func setTitle(_ title: String) { unsafe clinux_set_process_title(title) }

    /// Gives the kernel back the memory that nothing is allocated in (malloc_trim(3)). It takes milliseconds.
    public static func releaseFreeMemory() { clinux_release_free_memory() }

    /// Replaces the program of this process by a file (fexecve(3)). Returns only when that fails.
    public static func execute(_ program: borrowing FileDescriptor, arguments: [String]) -> SystemError {
        let pointers = unsafe arguments.map { unsafe strdup($0) } + [nil]
        unsafe fexecve(program.rawValue, pointers, environ)
        let error = SystemError("exec")
        unsafe pointers.forEach { unsafe free($0) }
        return error
    }

    // MARK: - Environment

    /// A variable of the environment (getenv(3)).
    public static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Sets a variable of the environment, or takes it out. Only while the process has a single thread (setenv(3)).
    public static func setEnvironment(_ name: String, to value: String?) {
        if let value {
            unsafe setenv(name, value, 1)
        } else {
            unsafe unsetenv(name)
        }
    }
}
