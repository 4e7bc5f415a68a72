import Glibc
import SQL

@testable import ProcessHarness

/// Two PostgreSQL servers for a test: a primary that acknowledges a commit when its standby has it too, and that standby,
/// which can take over. They listen on sockets in directories of their own and are gone with the value.
final class PostgreSQLPair {
    private let directory: String

    init() throws {
        // A socket's path has to be short.
        directory = "/tmp/panal-pair-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        for path in ["", "/a", "/b"] {
            mkdir(directory + path, 0o755)
            if geteuid() == 0 { chown(directory + path, Self.user, Self.user) }
        }
        try run(
            "initdb",
            "-D",
            "\(directory)/a/data",
            "-U",
            "panal",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions"
        )
        try start("a")
        try run(
            "pg_basebackup",
            "-D",
            "\(directory)/b/data",
            "-h",
            "\(directory)/a",
            "-U",
            "panal",
            "-R",
            "-c",
            "fast"
        )
        try start("b")
        // From here on a commit waits for the standby.
        let primary = SQL.Database(try DatabaseURL("postgres://panal@/postgres?host=\(directory)/a"))
        try primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        _ = try primary.first("SELECT pg_reload_conf()", as: Bool.self)
        let isInStep = try eventually {
            try primary.first("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", as: Int.self) == 1
        }
        guard isInStep else { throw Spawned.Failure(description: "the standby does not follow the primary") }
    }

    deinit {
        for host in ["a", "b"] { try? stop(host) }
        TemporaryDirectory.delete(directory)
    }

    /// The URL of whichever is the primary.
    var url: DatabaseURL {
        get throws {
            try DatabaseURL(
                "postgres://panal@/postgres?host=\(directory)/a,\(directory)/b&target_session_attrs=read-write"
            )
        }
    }

    /// Ends the primary at once, as a host that is gone.
    func killPrimary() throws { try stop("a") }

    /// Makes a primary of the standby.
    func promoteStandby() throws { try run("pg_ctl", "promote", "-w", "-D", "\(directory)/b/data") }

    private func start(_ host: String) throws {
        try run(
            "pg_ctl",
            "start",
            "-w",
            "-t",
            "60",
            "-D",
            "\(directory)/\(host)/data",
            "-l",
            "\(directory)/\(host)/log",
            "-o",
            "-k \(directory)/\(host) -c listen_addresses= -c fsync=off -c max_connections=100 -c shared_buffers=16MB"
        )
    }

    private func stop(_ host: String) throws {
        try run("pg_ctl", "stop", "-m", "immediate", "-D", "\(directory)/\(host)/data")
    }

    /// Runs one of PostgreSQL's programs as a user that it accepts: not root, and one with a name.
    private func run(_ program: String, _ arguments: String...) throws {
        let launcher =
            geteuid() == 0
            ? ["setpriv", "--reuid=\(Self.user)", "--regid=\(Self.user)", "--clear-groups", "--inh-caps=-all"] : []
        let done = try Finished.running(launcher + ["/usr/lib/postgresql/15/bin/\(program)"] + arguments)
        guard done.exit == .code(0) else {
            throw Spawned.Failure(description: "\(program): \(done.output)\(done.errors)")
        }
    }

    /// `nobody`.
    private static let user: uid_t = 65534
}
