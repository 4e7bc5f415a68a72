import Foundation
public import SQL

/// PgBouncer from Debian's package before a ``PostgreSQLServer``, in transaction mode: its clients share few connections of
/// the server, and each transaction gets whichever is free.
public final class PgBouncer: Sendable {
    /// The one before the server of this process, started by the first that asks.
    public static func running() throws -> PgBouncer { try shared.get() }

    /// Whether its program is there.
    public static let isInstalled = FileManager.default.isExecutableFile(atPath: program)

    private static let program = "/usr/sbin/pgbouncer"
    private static let shared = Result { try PgBouncer(before: PostgreSQLServer.running()) }

    private let process: DatabaseProcess

    /// Starts one.
    /// - Parameter connections: The server's, for each database: as few as show that transactions do share them.
    public init(before server: PostgreSQLServer, connections: Int = 3) throws {
        process = try DatabaseProcess("pgbouncer")
        let directory = process.directory
        let configuration = """
            [databases]
            * = host=\(server.socketDirectory) user=panal
            [pgbouncer]
            pool_mode = transaction
            default_pool_size = \(connections)
            max_client_conn = 500
            server_login_retry = 1
            unix_socket_dir = \(directory)
            listen_port = 6432
            auth_type = any
            logfile = \(directory)/pgbouncer.log
            pidfile = \(directory)/pid
            """
        try configuration.write(toFile: "\(directory)/pgbouncer.ini", atomically: false, encoding: .utf8)
        try process.start(
            """
            \(DatabaseProcess.launcher) \(Self.program) -q \(directory)/pgbouncer.ini &
            server=$!
            """,
            // It has nothing to lose, and inherits a mask that blocks what is gentler.
            end: "kill -KILL $server",
            until: {
                if case .ready = Database(url(of: "postgres")).readiness() { true } else { false }
            }
        )
    }

    /// The URL of one of the server's databases.
    public func url(of database: String) -> DatabaseURL {
        do {
            return try DatabaseURL("postgres://panal@/\(database)?host=\(process.directory)&port=6432")
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
