import Glibc
import Linux
import Prefork
import SQL
import Telemetry
import Values

/// What a service is about to run in.
struct Surroundings {
    var platform = Platform.unknown
    var processors = ProcessorBudget(processors: 1)
    /// Bytes of memory that the host has.
    var hostMemory: Int?
    /// Descriptors that a process may have open; `nil` without a limit.
    var openFiles: Int?
    /// Processes and threads that this user may have; `nil` without a limit.
    var processes: Int?
    /// The kernel's limit for the accept queue.
    var longestBacklog: Int?
    /// What keeps the port from being opened; `nil` when nothing does.
    var portObstacle: ListenerError?
    var opsPortObstacle: ListenerError?
    /// Whether the kernel believes that its clock is right; `nil` when it does not say.
    var clockIsSynchronized: Bool?
    /// What the kernel counts time by; `nil` when it does not say.
    var clockSource: String?
    /// The kernel's release: 6.1 and the like.
    var kernel: (major: Int, minor: Int)?
    var isRoot = false
    /// Which rights are kept from files that the service makes; `nil` when the kernel does not say.
    var fileMask: Int?
    /// Variables of which the text is a secret, or holds one.
    var environmentSecrets: [String] = []
    /// Files of secrets that every user of the host may read.
    var readableSecretFiles: [String] = []
    var database: DatabaseFindings?

    struct DatabaseFindings {
        var readiness: DatabaseReadiness
        /// Where an SQLite database lies.
        var place: Place?
        /// What reads and writes it.
        var library: Library?
        /// How many connections the server grants, if it has something to grant.
        var capacity: DatabaseSettings.Capacity?
        /// How far the server's clock is ahead of this host's; `nil` without a server.
        var clockOffset: Duration?
    }

    /// A directory, its file system, and the size of the database in it.
    struct Place {
        var directory: String
        var fileSystem: FileSystem
        var databaseBytes = 0
    }

    /// The SQLite library.
    struct Library {
        var version: String
        var hasLogResetBug: Bool
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
        hostMemory = SystemFile.number("MemTotal:", in: "/proc/meminfo").map { $0 << 10 }
        let limits = SystemFile.read("/proc/self/limits") ?? ""
        // The service raises the soft limit of descriptors as far as the hard one.
        openFiles = Self.limit("Max open files", column: 1, in: limits)
        // The kernel does not hold root to it.
        processes = geteuid() == 0 ? nil : Self.limit("Max processes", column: 0, in: limits)
        longestBacklog = Listener.longestBacklog
        portObstacle = Listener.obstacle(to: settings.server.listenAddress)
        if let port = settings.ops.port, port > 0 {
            opsPortObstacle = Listener.obstacle(to: .tcp(host: settings.ops.host, port: port))
        }
        clockIsSynchronized = WallClock.isSynchronized
        clockSource = SystemFile.read("/sys/devices/system/clocksource/clocksource0/current_clocksource").map {
            String($0.prefix { $0 != "\n" })
        }
        kernel = SystemFile.read("/proc/sys/kernel/osrelease").flatMap(Self.release)
        isRoot = geteuid() == 0
        fileMask = SystemFile.word("Umask:", in: "/proc/self/status").flatMap { Int($0, radix: 8) }
        environmentSecrets = Self.secrets(in: variables, settings.declarations)
        readableSecretFiles = Self.secretFiles(in: variables, settings.declarations).filter {
            FileStatus(of: $0)?.isReadableByAll == true
        }
        if let database = settings.database, let open {
            self.database = Self.look(at: open(), database)
        }
    }

    /// Known ones.
    init() {}

    /// The names of variables whose text shows less when its secrets are hidden.
    static func secrets(in variables: [String: String], _ declarations: [SettingDeclaration]) -> [String] {
        // API_KEYS has hashes of keys, which open nothing.
        declarations.filter { $0.mayComeFromFile && $0.key != "API_KEYS" }.compactMap { declaration in
            guard let text = variables[declaration.key], !text.isEmpty, declaration.redact(text) != text else {
                return nil
            }
            return declaration.key
        }
    }

    /// The files that variables name.
    private static func secretFiles(in variables: [String: String], _ declarations: [SettingDeclaration]) -> [String] {
        declarations.filter { $0.mayComeFromFile }.compactMap { variables[$0.fileKey] }.filter { !$0.isEmpty }
    }

    private static func look(at database: Database, _ settings: DatabaseSettings) -> DatabaseFindings {
        // First, because a child asks, and no connection is to be carried into it.
        let capacity = settings.capacity()
        database.deadline = .now.advanced(by: .seconds(3))
        var findings = DatabaseFindings(readiness: database.readiness())
        if case .sqlite(let location) = settings.url.location {
            findings.library = Library(version: SQLiteLibrary.version, hasLogResetBug: SQLiteLibrary.hasLogResetBug)
            let directory = Self.nearestDirectory(to: location.directory)
            findings.place = FileSystem(at: directory).map { fileSystem in
                Place(
                    directory: directory,
                    fileSystem: fileSystem,
                    databaseBytes: FileStatus(of: location.path)?.size ?? 0
                )
            }
        }
        if case .unready = findings.readiness { return findings }
        findings.capacity = capacity
        let before = Timestamp.now()
        if let server = try? database.serverMicroseconds() {
            let between = (before.microsecondsSinceEpoch + Timestamp.now().microsecondsSinceEpoch) / 2
            findings.clockOffset = .microseconds(server - between)
        }
        return findings
    }

    /// The directory, or where it would be made.
    private static func nearestDirectory(to directory: String) -> String {
        var components = directory.split(separator: "/")
        if !directory.hasPrefix("/") {
            components = (SystemFile.workingDirectory ?? "/").split(separator: "/") + components
        }
        while true {
            if let path = SystemFile.resolve("/" + components.joined(separator: "/")) { return path }
            components.removeLast()
        }
    }

    /// A limit of the text of /proc/self/limits: its soft one in column 0, its hard one in column 1; `nil` for `unlimited`.
    static func limit(_ name: String, column: Int, in limits: String) -> Int? {
        let line = limits.split(separator: "\n").first { $0.hasPrefix(name) }
        let words = line?.dropFirst(name.count).split(separator: " ") ?? []
        return words.count > column ? Int(words[column]) : nil
    }

    /// `6.1.0-13-amd64` is 6.1.
    static func release(_ text: String) -> (major: Int, minor: Int)? {
        let numbers = text.split(separator: ".", maxSplits: 2).prefix(2).map { Int($0.prefix { $0.isNumber }) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else { return nil }
        return (major, minor)
    }
}

extension SystemFile {
    /// The first word behind a name at the beginning of a line: `Umask:	0022`.
    fileprivate static func word(_ name: String, in path: String) -> Substring? {
        let line = read(path)?.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.dropFirst(name.count).split { $0 == " " || $0 == "\t" }.first
    }

    fileprivate static func number(_ name: String, in path: String) -> Int? { word(name, in: path).flatMap { Int($0) } }
}
