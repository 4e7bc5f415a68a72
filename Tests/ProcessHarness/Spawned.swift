import CLinux
import Glibc

/// How a process ended.
enum Exit: Equatable, Sendable {
    case code(Int32)
    case signal(Int32)
}

/// A process started by posix_spawn(3): the test process has threads and never forks.
struct Spawned {
    let pid: pid_t

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts `arguments[0]` (looked up in PATH) with exactly this environment and no inherited descriptor but 0, 1, 2.
    ///
    /// - Parameter passed: A descriptor that it gets as its 3.
    init(
        _ arguments: [String],
        environment: [String: String],
        output: CInt,
        errors: CInt,
        passing passed: CInt? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // Other tests' sockets are not the service's; closing one that is gone by then is no error.
        for name in ProcessTree.names(in: "/proc/self/fd") {
            guard let descriptor = CInt(name), descriptor > 2, descriptor != passed else { continue }
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        if let passed {
            posix_spawn_file_actions_adddup2(&actions, passed, 3)
            if passed != 3 { posix_spawn_file_actions_addclose(&actions, passed) }
        }

        // As a shell would start it: no signal blocked or ignored, whatever the test runner did.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var pid: pid_t = 0
        let error = posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
        guard error == 0 else {
            throw Failure(description: "cannot start \(arguments[0]): \(String(cString: strerror(error)))")
        }
        self.pid = pid
    }

    /// Waits for the process to end and reaps it; nil when it still runs at the deadline.
    func wait(by deadline: Deadline) -> Exit? {
        var status: Int32 = 0
        let ended = eventually(by: deadline) { waitpid(pid, &status, WNOHANG) == pid }
        guard ended else { return nil }
        return clinux_signaled(status) ? .signal(clinux_term_signal(status)) : .code(clinux_exit_status(status))
    }
}
