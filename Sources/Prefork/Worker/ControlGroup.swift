import Linux

/// The control groups of a process (cgroups(7)), version 2 or 1: where its limits and its memory events are.
struct ControlGroup: Equatable {
    /// Directories from the process's own group up to the root, by controller.
    var processorPaths: [String] = []
    var memoryPaths: [String] = []
    var taskPaths: [String] = []
    var isVersion2 = true

    private static let root = "/sys/fs/cgroup"

    static func ofThisProcess() -> ControlGroup {
        ControlGroup(membership: SystemFile.read("/proc/self/cgroup") ?? "") { SystemFile.isReadable($0) }
    }

    /// From the text of /proc/self/cgroup, whose lines are number:controllers:path. Version 2 has number 0 and no
    /// controllers.
    ///
    /// Inside a container the path may be the host's, which is not there. Then the mount's root is the group's own.
    init(membership: String, exists: (String) -> Bool) {
        var unified: String?
        var byController: [Substring: String] = [:]
        for line in membership.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            if parts[1].isEmpty { unified = String(parts[2]) }
            for controller in parts[1].split(separator: ",") { byController[controller] = String(parts[2]) }
        }
        isVersion2 = exists("\(Self.root)/cgroup.controllers")
        if isVersion2 {
            let path = unified ?? "/"
            processorPaths = Self.ancestors(of: path, in: Self.root, exists: exists)
            memoryPaths = processorPaths
            taskPaths = processorPaths
        } else {
            processorPaths = Self.ancestors(of: byController["cpu"] ?? "/", in: "\(Self.root)/cpu", exists: exists)
            memoryPaths = Self.ancestors(of: byController["memory"] ?? "/", in: "\(Self.root)/memory", exists: exists)
            taskPaths = Self.ancestors(of: byController["pids"] ?? "/", in: "\(Self.root)/pids", exists: exists)
        }
    }

    /// The file that counts out-of-memory kills.
    var memoryEventsPath: String? {
        memoryPaths.first.map { $0 + (isVersion2 ? "/memory.events" : "/memory.oom_control") }
    }

    private static func ancestors(of path: String, in root: String, exists: (String) -> Bool) -> [String] {
        var directories: [String] = []
        var components = path.split(separator: "/")
        while true {
            let directory = ([root] + components.map(String.init)).joined(separator: "/")
            if exists(directory) { directories.append(directory) }
            if components.popLast() == nil { return directories }
        }
    }
}
