import Glibc

/// A control group with little memory (cgroups(7)), where the machine lets the tests make one.
final class MemoryGroup {
    private static let parent: (path: String, limit: String, events: String)? = [
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.oom_control"),
        ("/sys/fs/cgroup", "memory.max", "memory.events"),
    ].first { access("\($0.0)/\($0.2 == "memory.events" ? "cgroup.subtree_control" : $0.1)", W_OK) == 0 }

    static let isPossible: Bool = (try? MemoryGroup(bytes: 64 << 20)) != nil

    let path: String
    private let events: String
    private let limit: String

    init(bytes: Int) throws {
        guard let parent = MemoryGroup.parent else { throw Spawned.Failure(description: "no control group for memory") }
        path = "\(parent.path)/panal-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        events = path + "/" + parent.events
        limit = path + "/" + parent.limit
        guard mkdir(path, 0o755) == 0 else { throw Spawned.Failure(description: "no \(path): errno \(errno)") }
        guard Self.write("\(bytes)", to: "\(path)/\(parent.limit)") else {
            rmdir(path)
            throw Spawned.Failure(description: "\(path) takes no limit: errno \(errno)")
        }
        // Where there is swap, it must not count as memory.
        _ =
            Self.write("0", to: path + "/memory.swap.max")
            || Self.write("\(bytes)", to: path + "/memory.memsw.limit_in_bytes")
    }

    deinit { _ = eventually(by: .after(5)) { rmdir(path) == 0 } }

    /// Its memory may be more or less than before.
    func setLimit(_ bytes: Int) -> Bool {
        // In version 1 the limit with swap must never be the lower one.
        let withSwap = path + "/memory.memsw.limit_in_bytes"
        guard access(withSwap, W_OK) == 0 else { return Self.write("\(bytes)", to: limit) }
        return [limit, withSwap, limit].map { Self.write("\(bytes)", to: $0) }[2]
    }

    /// Puts the command behind it into the group.
    var launcher: [String] { ["sh", "-c", "echo $$ > \(path)/cgroup.procs && exec \"$0\" \"$@\""] }

    /// Fills the group with what is nobody's own (a file in memory) until the kernel kills somebody.
    func fillUntilSomebodyIsKilled() throws {
        let file = "/dev/shm/panal-test-\(getpid())"
        defer { unlink(file) }
        let fill = "while grep -q '^oom_kill 0' \(events); do head -c 65536 /dev/zero >> \(file); done"
        let filled = try Finished.running(launcher + ["sh", "-c", fill])
        guard filled.exit == .code(0) else {
            throw Spawned.Failure(description: "the filler ended with \(filled.exit): \(filled.errors)")
        }
    }

    private static func write(_ text: String, to path: String) -> Bool {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        let bytes = Array(text.utf8)
        return Glibc.write(file, bytes, bytes.count) == bytes.count
    }
}
