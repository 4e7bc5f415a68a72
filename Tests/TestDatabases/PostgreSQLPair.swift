import Foundation
import Glibc
public import SQL

/// Two PostgreSQL servers for a test: a primary that acknowledges a commit when its standby has it too, and that standby,
/// which can take over. They listen on sockets in directories of their own and are gone with the value.
public final class PostgreSQLPair {
    private let directory: String
    private let server: PostgreSQLPair.Programs

    /// The programs, run as a user that PostgreSQL accepts.
    private struct Programs {
        let directory: String

        func run(_ program: String, _ arguments: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            let launcher =
                geteuid() == 0
                ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"] : []
            process.arguments = launcher + ["/usr/lib/postgresql/15/bin/\(program)"] + arguments
            // A file: a pipe would be held open by the server that pg_ctl leaves behind.
            let log = "\(directory)/\(program).log"
            _ = FileManager.default.createFile(atPath: log, contents: nil)
            let output = FileHandle(forWritingAtPath: log)
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = output
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                let words = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                throw PostgreSQLServer.Failure(description: "\(program) \(arguments.joined(separator: " ")): \(words)")
            }
        }
    }

    /// Starts both.
    public init() throws {
        directory = "/tmp/panal-pair-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        server = Programs(directory: directory)
        for path in ["", "/a", "/b"] {
            try FileManager.default.createDirectory(atPath: directory + path, withIntermediateDirectories: false)
            if geteuid() == 0 { chown(directory + path, 65534, 65534) }
        }
        try server.run(
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
        try server.run(
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
        let primary = Database(try url("a"))
        try primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
        _ = try primary.first("SELECT pg_reload_conf()", as: Bool.self)
        for _ in 0..<3_000 {
            let isInStep = try primary.first(
                "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')",
                as: Int.self
            )
            if isInStep == 1 { return }
            usleep(10_000)
        }
        throw PostgreSQLServer.Failure(description: "the standby did not follow the primary")
    }

    deinit {
        for host in ["a", "b"] { try? stop(host) }
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func start(_ host: String) throws {
        try server.run(
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
        try server.run("pg_ctl", "stop", "-m", "immediate", "-D", "\(directory)/\(host)/data")
    }

    private func url(_ host: String) throws -> DatabaseURL {
        try DatabaseURL("postgres://panal@/postgres?host=\(directory)/\(host)")
    }

    /// The URL of whichever is the primary.
    public var url: DatabaseURL {
        get throws {
            try DatabaseURL(
                "postgres://panal@/postgres?host=\(directory)/a,\(directory)/b&target_session_attrs=read-write"
            )
        }
    }

    /// Ends the primary at once, as a host that is gone.
    public func killPrimary() throws { try stop("a") }

    /// Makes a primary of the standby.
    public func promoteStandby() throws { try server.run("pg_ctl", "promote", "-w", "-D", "\(directory)/b/data") }
}
