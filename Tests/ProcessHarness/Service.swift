import CLinux
import Glibc
import Testing

/// The real service: a supervisor with its workers, its own directory, its own database, a port of its own.
///
/// It is started by `migrate`, `seed` if it has that, and `serve` as a platform would; whatever a test does to it, nothing of
/// it outlives this object.
final class Service: Sendable {
    let directory: TemporaryDirectory
    let environment: [String: String]
    let log: EventLog
    let supervisor: pid_t
    let address: Address

    private let process: Spawned
    private let errorsPath: String
    private let exit = Monitor<Exit?>(nil)
    private let seen: Monitor<Set<ProcessIdentity>>

    var databasePath: String { directory.path + "/service.sqlite" }

    /// Starts the service and returns once it is ready.
    ///
    /// - Parameters:
    ///   - program: Which service.
    ///   - environment: Added to PORT=0, HOST=127.0.0.1 and the database; an empty value takes a key away.
    ///   - directory: Where the database lies; one of its own when nil.
    ///   - migrates: Whether `migrate` and `seed` come first.
    ///   - binary: Where the program lies; where it was built when nil.
    ///   - command: What starts the service in place of `serve` and ends in an exec of it, such as bin/run.
    ///   - passed: A listening socket to pass by LISTEN_FDS, as systemd does.
    ///   - launcher: A command in front of the binary that ends in an exec, such as `prlimit --nofile=64`; the tests' own
    ///     user runs it, and the service's user what comes behind it.
    init(
        _ program: Binary = .fixture,
        workers: Int = 2,
        environment given: [String: String] = [:],
        in directory: TemporaryDirectory? = nil,
        migrates: Bool = true,
        binary: String? = nil,
        running command: [String]? = nil,
        passing passed: CInt? = nil,
        launcher: [String] = []
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        let environment = Service.environment(in: directory, ["WEB_CONCURRENCY": "\(workers)"].merging(given) { $1 })
        if migrates { try Service.prepare(program, environment) }
        self.directory = directory
        self.environment = environment
        errorsPath = directory.path + "/stderr"
        let seen = Monitor<Set<ProcessIdentity>>([])
        self.seen = seen
        (process, log) = try Service.launch(
            (passed == nil ? launcher : Service.activation) + User.ofService.launcher
                + (command ?? [binary ?? program.path, "serve"]),
            environment: environment,
            passing: passed,
            errorsPath: errorsPath,
            seen: seen
        )
        do {
            let ready = try log.wait(for: "ready")
            guard let address = Service.address(in: ready) else {
                throw Spawned.Failure(description: "the ready event names no address: \(ready.line)")
            }
            self.address = address
            // Behind `unshare --fork` the supervisor is the launcher's child.
            supervisor = launcher.first == "unshare" ? ProcessTree.children(of: process.pid).first ?? 0 : process.pid
            for worker in ProcessTree.children(of: supervisor) { Service.note(worker, in: seen) }
            Service.note(supervisor, in: seen)
        } catch {
            Service.destroy(process, seen)
            let errors = ProcessTree.read(errorsPath) ?? ""
            throw Spawned.Failure(description: "\(error)\nstandard error: \(errors)")
        }
    }

    deinit {
        let ended = exit.read { $0 != nil }
        Service.destroy(ended ? nil : process, seen)
        _ = log.waitForEnd(by: .after(5))
    }

    /// Makes the program's database.
    static func prepare(_ program: Binary, _ environment: [String: String]) throws {
        for verb in program.preparation {
            let done = try Finished.running(program.command(verb), environment: environment)
            guard done.exit == .code(0) else {
                throw Spawned.Failure(
                    description: "\(program) \(verb) ended with \(done.exit): \(done.output)\(done.errors)"
                )
            }
        }
    }

    static func environment(in directory: TemporaryDirectory, _ given: [String: String]) -> [String: String] {
        [
            "PATH": Binary.searchPath,
            "PORT": "0",
            "HOST": "127.0.0.1",
            "DATABASE_URL": "sqlite:\(directory.path)/service.sqlite",
        ].merging(given) { $1 }.filter { !$0.value.isEmpty }
    }

    private static func launch(
        _ command: [String],
        environment: [String: String],
        passing passed: CInt?,
        errorsPath: String,
        seen: Monitor<Set<ProcessIdentity>>
    ) throws -> (Spawned, EventLog) {
        var pipe: [CInt] = [0, 0]
        guard clinux_pipe(&pipe) == 0 else { throw Spawned.Failure(description: "no pipe: errno \(errno)") }
        let errors = open(errorsPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        defer {
            close(pipe[1])
            close(errors)
        }
        let process: Spawned
        do {
            process = try Spawned(command, environment: environment, output: pipe[1], errors: errors, passing: passed)
        } catch {
            close(pipe[0])
            throw error
        }
        note(process.pid, in: seen)
        let log = EventLog(reading: pipe[0]) { event in
            if event.message == "worker started", let worker = event.worker { note(worker, in: seen) }
        }
        return (process, log)
    }

    private static func note(_ pid: pid_t, in seen: Monitor<Set<ProcessIdentity>>) {
        // In a pid namespace of its own the service speaks of other numbers; those are found through /proc.
        guard let identity = ProcessIdentity(pid: pid) else { return }
        let title = ProcessTree.commandLine(of: pid)
        guard title.contains("serve") || title.contains("panal:") || title.contains("fixture:") else { return }
        seen.update { _ = $0.insert(identity) }
    }

    private static func destroy(_ process: Spawned?, _ seen: Monitor<Set<ProcessIdentity>>) {
        if let process {
            for descendant in ProcessTree.descendants(of: process.pid) { kill(descendant, SIGKILL) }
            kill(process.pid, SIGKILL)
            _ = process.wait(by: .after(5))
        }
        for identity in seen.read({ $0 }) where identity.isAlive { kill(identity.pid, SIGKILL) }
    }

    /// LISTEN_PID must name the process that the shell becomes.
    private static let activation = ["sh", "-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\""]

    private static func address(in ready: Event) -> Address? {
        if let path = ready["path"]?.string { return .unix(path: path) }
        return ready["port"]?.int.flatMap { UInt16(exactly: $0) }.flatMap { $0 > 0 ? .port($0) : nil }
    }

    // MARK: - What the service is now

    /// The bound port. Only of a service that has one.
    var port: UInt16 {
        guard case .port(let port) = address else { preconditionFailure("the service listens on a unix socket") }
        return port
    }

    /// The workers that run now.
    var workers: [pid_t] {
        let children = ProcessTree.children(of: supervisor)
        return children.filter { child in
            let title = ProcessTree.commandLine(of: child)
            return !title.contains("ops process") && !title.contains("trace exporter")
        }
    }

    /// Every process of this service that was ever seen, and runs.
    var survivors: [pid_t] {
        for worker in workers { Service.note(worker, in: seen) }
        return seen.read { $0 }.filter(\.isAlive).map(\.pid).sorted()
    }

    var standardError: String { ProcessTree.read(errorsPath) ?? "" }

    /// Whether there are `count` workers by the deadline.
    func hasWorkers(_ count: Int, by deadline: Deadline = .generous) -> Bool {
        eventually(by: deadline) { workers.count == count }
    }

    // MARK: - What a test does to it

    func signal(_ signal: Int32) {
        kill(supervisor, signal)
    }

    /// Waits for the supervisor to end; nil when it still runs at the deadline.
    func waitForExit(by deadline: Deadline = .generous) -> Exit? {
        if let known = exit.read({ $0 }) { return known }
        let ended = process.wait(by: deadline)
        exit.update { $0 = ended }
        return ended
    }

    /// Asks for a graceful stop and holds the service to it: exit 0, no process left, a flawless log, no noise on stderr.
    func stop(sourceLocation: SourceLocation = #_sourceLocation) {
        signal(SIGTERM)
        expectCleanExit(sourceLocation: sourceLocation)
    }

    /// What every graceful stop leaves, however it was asked for.
    func expectCleanExit(by deadline: Deadline = .generous, sourceLocation: SourceLocation = #_sourceLocation) {
        let exit = waitForExit(by: deadline)
        #expect(exit == .code(0), "the log's end:\n\(log.tail)", sourceLocation: sourceLocation)
        #expect(survivors == [], "left behind by a stopped supervisor", sourceLocation: sourceLocation)
        #expect(log.waitForEnd(), "somebody still holds the log's pipe", sourceLocation: sourceLocation)
        #expect(log.faults == [], sourceLocation: sourceLocation)
        #expect(standardError == "", "logs go to standard output only", sourceLocation: sourceLocation)
    }
}
