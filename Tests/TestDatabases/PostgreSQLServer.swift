import Foundation
import Glibc
public import SQL

/// A PostgreSQL server from Debian's package for the tests of this process, on a socket in a directory of its own.
public final class PostgreSQLServer: Sendable {
    /// The one of this process, started by the first that asks.
    public static func running() throws -> PostgreSQLServer { try shared.get() }

    /// Whether its programs are there.
    public static let isInstalled = FileManager.default.isExecutableFile(atPath: "\(programs)/postgres")

    private static let programs = "/usr/lib/postgresql/15/bin"
    private static let shared = Result { try PostgreSQLServer() }

    private let process: DatabaseProcess

    /// Another server, for a test that restarts it, lets it have few connections, or puts it elsewhere.
    /// - Parameters:
    ///   - settings: Of the server, such as `max_connections`.
    ///   - launcher: A command in front of the server's that ends in an exec, such as one that enters a network namespace.
    public init(_ settings: [String: String] = [:], launcher: String = "") throws {
        process = try DatabaseProcess("pg")
        let directory = process.directory
        let defaults = [
            "listen_addresses": "", "fsync": "off", "max_connections": "400", "shared_buffers": "64MB",
            "log_min_messages": "fatal",
        ]
        let options = defaults.merging(settings) { $1 }.sorted { $0.key < $1.key }.map { "-c \($0.key)='\($0.value)'" }
        // Texts sort by language, as they do in most people's databases.
        try process.start(
            """
            \(DatabaseProcess.launcher) \(Self.programs)/initdb -D \(directory)/data -U panal --auth=trust -E UTF8 \
                --locale=C.UTF-8 --locale-provider=icu --icu-locale=en --no-sync --no-instructions || exit 1
            echo 'host all all all trust' >>\(directory)/data/pg_hba.conf
            while [ ! -e \(directory)/stop ]; do
                \(launcher) \(DatabaseProcess.launcher) \(Self.programs)/postgres -D \(directory)/data -k \(directory) \
                    \(options.joined(separator: " ")) || sleep 0.1
            done &
            """,
            end: """
                touch \(directory)/stop
                kill -INT $(head -n 1 \(directory)/data/postmaster.pid)
                """,
            until: { isReady }
        )
    }

    /// Where its socket is.
    public var socketDirectory: String { process.directory }

    /// How a server is told to end (PostgreSQL, "Shutting Down the Server").
    public enum StopMode: String, Sendable, CaseIterable {
        /// Sessions are ended, and what they had not committed is undone.
        case fast
        /// All processes end at once, and the next start recovers from the log, as after a crash.
        case immediate
    }

    /// Stops the server, which starts again at once; returns when it serves.
    public func restart(_ mode: StopMode) throws {
        let file = try String(contentsOfFile: "\(process.directory)/data/postmaster.pid", encoding: .utf8)
        guard let line = file.split(separator: "\n").first, let former = pid_t(line) else { return }
        kill(former, mode == .fast ? SIGINT : SIGQUIT)
        let end = SuspendingClock.now.advanced(by: .seconds(60))
        while SuspendingClock.now < end {
            if kill(former, 0) != 0, isReady { return }
            usleep(20_000)
        }
        throw DatabaseProcess.Failure(description: "the database for the tests did not restart: \(process.log)")
    }

    private var isReady: Bool {
        if case .ready = Database(url(of: "postgres")).readiness() { true } else { false }
    }

    /// The URL of one of its databases.
    public func url(of database: String) -> DatabaseURL {
        do {
            return try DatabaseURL("postgres://panal@/\(database)?host=\(process.directory)")
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Makes a database that is empty. Returns its name.
    public func makeDatabase() throws -> String {
        let name = "test_\(UUID().uuidString.lowercased().filter { $0 != "-" })"
        try administrate("CREATE DATABASE \(name)")
        return name
    }

    /// Drops a database, whoever still uses it.
    func drop(_ database: String) throws { try administrate("DROP DATABASE \(database) WITH (FORCE)") }

    /// Runs a statement of an administrator.
    public func administrate(_ sql: String) throws { try Database(url(of: "postgres")).run(sql) }
}
