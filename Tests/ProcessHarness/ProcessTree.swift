import Glibc

/// One life of a process: a pid alone may be given to a stranger later.
struct ProcessIdentity: Hashable, Sendable, CustomStringConvertible {
    let pid: pid_t
    /// Clock ticks after boot, proc_pid_stat(5) field 22.
    let startTime: UInt64

    init?(pid: pid_t) {
        guard let status = ProcessTree.status(of: pid) else { return nil }
        self.pid = pid
        startTime = status.startTime
    }

    /// Whether it still runs: neither gone nor a zombie that only waits for its parent.
    var isAlive: Bool {
        guard let status = ProcessTree.status(of: pid) else { return false }
        return status.startTime == startTime && status.state != "Z" && status.state != "X"
    }

    var description: String { "process \(pid)" }
}

/// What /proc tells about processes, proc(5).
enum ProcessTree {
    struct Status {
        let parent: pid_t
        let state: Character
        let startTime: UInt64
    }

    static func status(of pid: pid_t) -> Status? {
        guard let text = read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].first, let parent = pid_t(fields[1]),
            let start = UInt64(fields[19])
        else { return nil }
        return Status(parent: parent, state: state, startTime: start)
    }

    /// The living children, without zombies, lowest pid first.
    static func children(of parent: pid_t) -> [pid_t] {
        all().filter { pid in
            guard let status = status(of: pid) else { return false }
            return status.parent == parent && status.state != "Z" && status.state != "X"
        }
    }

    /// Children, their children, and so on.
    static func descendants(of parent: pid_t) -> [pid_t] {
        children(of: parent).flatMap { [$0] + descendants(of: $0) }
    }

    static func zombies(of parent: pid_t) -> [pid_t] {
        all().filter { pid in
            guard let status = status(of: pid) else { return false }
            return status.parent == parent && status.state == "Z"
        }
    }

    static func descriptorCount(of pid: pid_t) -> Int {
        names(in: "/proc/\(pid)/fd").count
    }

    static func descriptors(of pid: pid_t) -> [String] {
        names(in: "/proc/\(pid)/fd").sorted().map { "\($0) -> \(target(of: $0, in: pid))" }
    }

    /// The sockets of a process that listen on an IPv4 port, as `socket:[INODE]`.
    static func listeners(of pid: pid_t, on port: UInt16) -> [String] {
        // Fields of /proc/net/tcp: 1 is the address and port in hexadecimal, 3 the state (0A: LISTEN), 9 the inode.
        let rows = (read("/proc/net/tcp") ?? "").split(separator: "\n").map { $0.split(separator: " ") }
        let hexadecimal = String(port, radix: 16, uppercase: true)
        let end = ":" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
        let sockets = rows.filter { $0.count > 9 && $0[1].hasSuffix(end) && $0[3] == "0A" }.map { "socket:[\($0[9])]" }
        let held = names(in: "/proc/\(pid)/fd").map { target(of: $0, in: pid) }
        return sockets.filter(held.contains)
    }

    private static func target(of descriptor: String, in pid: pid_t) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let length = readlink("/proc/\(pid)/fd/\(descriptor)", &buffer, 255)
        return String(decoding: buffer[0..<max(0, length)].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// For how many seconds this thread and all of those processes were ready to run and had no processor: /proc/PID/schedstat,
    /// whose second field is in nanoseconds (Documentation/scheduler/sched-stats in the kernel's sources).
    static func processorDelay(ofThreadAnd processes: [pid_t]) -> Double {
        let threads = processes.flatMap { pid in names(in: "/proc/\(pid)/task").map { "/proc/\(pid)/task/\($0)" } }
        let delays = (threads + ["/proc/thread-self"]).compactMap { thread in
            read(thread + "/schedstat")?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
        }
        return delays.reduce(0, +) / 1e9
    }

    static func threadCount(of pid: pid_t) -> Int {
        names(in: "/proc/\(pid)/task").count
    }

    /// One line of /proc/PID/status or smaps_rollup in kB, such as "VmSize" or "Pss".
    static func kilobytes(_ key: String, of pid: pid_t, in file: String = "status") -> Int? {
        guard let text = read("/proc/\(pid)/\(file)") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix(key + ":") {
            return line.split(whereSeparator: { " \t:".contains($0) }).dropFirst().first.flatMap { Int($0) }
        }
        return nil
    }

    static func commandLine(of pid: pid_t) -> String {
        (read("/proc/\(pid)/cmdline") ?? "").split(separator: "\0").joined(separator: " ")
    }

    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? String(decoding: bytes, as: UTF8.self) : nil }
            bytes.append(contentsOf: buffer[0..<count])
        }
    }

    static func all() -> [pid_t] {
        names(in: "/proc").compactMap { pid_t($0) }.sorted()
    }

    static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
