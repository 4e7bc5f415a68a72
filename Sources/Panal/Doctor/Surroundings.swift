import Glibc
import Linux
import Prefork
import Telemetry
import SQL
import Values

/// What a service is about to run in.
struct Surroundings {
    var platform = Platform.unknown
    var processors = ProcessorBudget(processors: 1)
    /// Descriptors that a process may have open.
    var openFiles: Int?
    /// Processes and threads that the control group may have; `nil` without a limit.
    var tasks: Int?
    /// The kernel's limit for the accept queue.
    var longestBacklog: Int?
    /// What keeps the port from being opened; `nil` when nothing does.
    var portObstacle: String?
    var opsPortObstacle: String?
    /// Whether the kernel believes that its clock is right; `nil` when it does not say.
    var clockIsSynchronized: Bool?
    var database: DatabaseFindings?

    struct DatabaseFindings {
        var readiness: DatabaseReadiness
        /// The SQLite library.
        var libraryNote: String?
        /// How many connections the server grants, if it has something to grant.
        var capacity: DatabaseSettings.Capacity?
        /// How far the server's clock is ahead of this host's; `nil` without a server.
        var clockOffset: Duration?
    }

    /// This host, as it is now.
    /// - Parameter open: Opens the service's database; `nil` for a service without one.
    init(
        _ settings: ServiceSettings<some SettingsGroup>,
        _ variables: [String: String],
        open: (() -> Database)?
    ) {
        platform = Platform(
            variables,
            isContainer: ["/.dockerenv", "/run/.containerenv"].contains { SystemFile.isReadable($0) }
        )
        processors = .current
        openFiles = Self.limit("Max open files", column: 1)
        tasks = Self.mostTasks
        longestBacklog = Listener.longestBacklog
        portObstacle = Self.obstacle(to: settings.server.listenAddress)
        if let port = settings.ops.port, port > 0 {
            opsPortObstacle = Self.obstacle(to: .tcp(host: settings.ops.host, port: port))
        }
        clockIsSynchronized = WallClock.isSynchronized
        if let database = settings.database, let open {
            self.database = Self.look(at: open(), database)
        }
    }

    /// Known ones.
    init() {}

    private static func look(at database: Database, _ settings: DatabaseSettings) -> DatabaseFindings {
        database.deadline = .now.advanced(by: .seconds(3))
        var findings = DatabaseFindings(readiness: database.readiness())
        findings.libraryNote = settings.libraryNote
        if case .unready = findings.readiness { return findings }
        findings.capacity = settings.capacity()
        let before = Timestamp.now()
        if let server = try? database.serverMicroseconds() {
            let between = (before.microsecondsSinceEpoch + Timestamp.now().microsecondsSinceEpoch) / 2
            findings.clockOffset = .microseconds(server - between)
        }
        return findings
    }

    /// The soft limit that /proc/self/limits tells, which the service raises up to the hard one.
    private static func limit(_ name: String, column: Int) -> Int? {
        let line = SystemFile.read("/proc/self/limits")?.split(separator: "\n").first { $0.hasPrefix(name) }
        let words = line?.dropFirst(name.count).split(separator: " ") ?? []
        return words.count > column ? Int(words[column]) : nil
    }

    private static var mostTasks: Int? {
        SystemFile.read("/sys/fs/cgroup/pids.max").flatMap { Int($0.prefix { $0 != "\n" }) }
    }

    /// Opens the port for a moment.
    private static func obstacle(to address: ListenAddress) -> String? {
        do throws(ListenerError) {
            _ = try Listener(on: address)
            return nil
        } catch {
            return String(describing: error)
        }
    }
}
