import Glibc

@testable import ProcessHarness

/// Two network namespaces joined by a pair of virtual interfaces (veth(4)), one for each end, that can be cut.
///
/// A process holds each; with it they are gone. Programs enter one by ``launcher(_:)``. Unix sockets reach across, so a test
/// talks to both ends whatever the cable does.
final class Cable {
    enum End: Int, CaseIterable {
        case service, database

        var address: String { "10.77.0.\(rawValue + 1)" }
        fileprivate var interface: String { "panal\(rawValue)" }
    }

    private let holders: [Spawned]

    init() throws {
        let silence = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(silence) }
        let own = SystemLink.target("/proc/self/ns/net")
        holders = try End.allCases.map { _ in
            // Should the test process be killed, it ends by itself.
            try Spawned(
                ["unshare", "--net", "sleep", "300"],
                environment: ["PATH": Binary.searchPath],
                output: silence,
                errors: silence
            )
        }
        for holder in holders {
            let isThere = eventually {
                let namespace = SystemLink.target("/proc/\(holder.pid)/ns/net")
                return namespace != nil && namespace != own
            }
            guard isThere else { throw Spawned.Failure(description: "no network namespace") }
        }
        let (one, other) = (End.service, End.database)
        try run(
            one,
            ["link", "add", one.interface, "type", "veth", "peer", "name", other.interface, "netns", "\(pid(other))"]
        )
        for end in End.allCases {
            try run(end, ["address", "add", "\(end.address)/24", "dev", end.interface])
            try run(end, ["link", "set", end.interface, "up"])
            try run(end, ["link", "set", "lo", "up"])
        }
    }

    deinit {
        for holder in holders {
            kill(holder.pid, SIGKILL)
            _ = holder.wait(by: .after(5))
        }
    }

    /// What in front of a command runs it at an end; it ends in an exec.
    func launcher(_ end: End) -> [String] { ["nsenter", "--target", "\(pid(end))", "--net"] }

    /// From now on nothing arrives, and nobody is told.
    func cut() throws { try run(.database, ["link", "set", End.database.interface, "down"]) }

    /// The cable is whole again.
    func mend() throws { try run(.database, ["link", "set", End.database.interface, "up"]) }

    private func pid(_ end: End) -> pid_t { holders[end.rawValue].pid }

    private func run(_ end: End, _ arguments: [String]) throws {
        let done = try Finished.running(launcher(end) + ["ip"] + arguments)
        guard done.exit == .code(0) else {
            throw Spawned.Failure(description: "ip \(arguments.joined(separator: " ")): \(done.errors)")
        }
    }
}

private enum SystemLink {
    static func target(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &buffer, buffer.count)
        return count < 0 ? nil : String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
