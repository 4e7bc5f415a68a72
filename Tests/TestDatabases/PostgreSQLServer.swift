import Foundation
import Glibc
public import SQL

/// A PostgreSQL server from Debian's package for the tests of this process: started by the first that asks, on a socket in a
/// directory of its own, and gone with the process, however that ends.
public final class PostgreSQLServer: Sendable {
    /// The one of this process.
    public static func running() throws -> PostgreSQLServer { try shared.get() }

    /// Whether its programs are there.
    public static let isInstalled = FileManager.default.isExecutableFile(atPath: "\(programs)/postgres")

    private static let programs = "/usr/lib/postgresql/15/bin"
    private static let shared = Result { try PostgreSQLServer() }

    private let directory: String
    private let process: Process

    /// What went wrong when it was started.
    public struct Failure: Error, CustomStringConvertible {
        /// What, with the server's own words.
        public let description: String
    }

    private init() throws {
        // A socket's path has to be short.
        directory = "/tmp/panal-pg-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        // PostgreSQL refuses to run as root.
        if geteuid() == 0 { chown(directory, Self.user, Self.user) }
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        // Texts sort by language, as they do in most people's databases. The shell waits for the end of its input, which
        // comes with the end of this process, and then ends the server.
        process.arguments = [
            "-c",
            """
            exec 3<&0 >\(directory)/log 2>&1
            \(Self.launcher) \(Self.programs)/initdb -D \(directory)/data -U panal --auth=trust -E UTF8 --locale=C.UTF-8 \
                --locale-provider=icu --icu-locale=en --no-sync --no-instructions || exit 1
            \(Self.launcher) \(Self.programs)/postgres -D \(directory)/data -k \(directory) -c listen_addresses= \
                -c fsync=off -c max_connections=400 -c shared_buffers=64MB -c log_min_messages=fatal &
            server=$!
            cat <&3 >/dev/null
            kill -INT $server
            wait $server
            rm -rf \(directory)
            """,
        ]
        process.standardInput = Pipe()
        try process.run()
        try awaitStart()
    }

    private func awaitStart() throws {
        let end = SuspendingClock.now.advanced(by: .seconds(60))
        while SuspendingClock.now < end {
            if case .ready = Database(url(of: "postgres")).readiness() { return }
            guard process.isRunning else { break }
            usleep(20_000)
        }
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let log = (try? String(contentsOfFile: "\(directory)/log", encoding: .utf8)) ?? ""
        throw Failure(description: "the PostgreSQL server for the tests did not start: \(log)")
    }

    /// `nobody`: initdb wants one that has a name.
    private static let user: uid_t = 65534

    private static var launcher: String {
        geteuid() == 0 ? "setpriv --reuid=\(user) --regid=\(user) --clear-groups --inh-caps=-all" : ""
    }

    /// The URL of one of its databases.
    public func url(of database: String) -> DatabaseURL {
        do {
            return try DatabaseURL("postgres://panal@/\(database)?host=\(directory)")
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// Makes a database that is empty. Returns its name.
    func makeDatabase() throws -> String {
        let name = "test_\(UUID().uuidString.lowercased().filter { $0 != "-" })"
        try administrate("CREATE DATABASE \(name)")
        return name
    }

    /// Drops a database, whoever still uses it.
    func drop(_ database: String) throws { try administrate("DROP DATABASE \(database) WITH (FORCE)") }

    /// Runs a statement of an administrator.
    public func administrate(_ sql: String) throws { try Database(url(of: "postgres")).run(sql) }
}
