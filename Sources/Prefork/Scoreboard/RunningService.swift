import Glibc
public import Linux

/// A service that runs on this host as another process, to be looked at: its supervisor and its scoreboard.
///
/// What a service does is in memory that its processes share. The kernel lets the same user, and root, open it by the
/// supervisor's descriptors in /proc (proc(5)). Nothing in the service notices.
public struct RunningService {
    /// The supervisor's process.
    public let supervisor: Int32
    /// Its scoreboard, for reading only.
    public let scoreboard: Scoreboard

    /// Why there is nothing to look at.
    public enum NotFound: Error, Equatable {
        /// No service of this program runs that this user may look at.
        case none
        /// More than one does: their supervisors.
        case several([Int32])
        /// The process is not there, is no supervisor, or belongs to another user.
        case noSupervisor(Int32)
        /// It is one whose scoreboard is laid out in another way: a program of another version.
        case otherVersion(Int32)
    }

    /// The one service of this program, whatever lies in its place by now.
    /// - Parameter isMeant: Which of several, such as by their ``memory(_:)``.
    public static func find(where isMeant: (RunningService) -> Bool = { _ in true }) throws(NotFound) -> RunningService
    {
        guard let program = program(of: "self") else { throw .none }
        let own = getpid()
        let processes = SystemFile.names(in: "/proc").compactMap { Int32($0) }.filter { $0 != own }
        let candidates = processes.filter { pid in
            program == self.program(of: "\(pid)") && memory(Scoreboard.name, of: pid) != nil
        }
        // Its workers have the scoreboard open, too, and so has for a moment a next program that is tried.
        let supervisors = candidates.filter { pid in !(parent(of: pid).map(candidates.contains) ?? false) }
        var found: [RunningService] = []
        var refusal: NotFound?
        for pid in supervisors.sorted() {
            do throws(NotFound) {
                let service = try RunningService(supervisor: pid)
                // Workers that finish their requests after their supervisor was killed.
                if !service.hasWorker(pid), isMeant(service) { found.append(service) }
            } catch {
                refusal = error
            }
        }
        if found.count > 1 { throw .several(found.map(\.supervisor)) }
        guard let service = found.first else { throw refusal ?? .none }
        return service
    }

    /// The service with a known supervisor.
    public init(supervisor: Int32) throws(NotFound) {
        guard let memory = Self.memory(Scoreboard.name, of: supervisor) else { throw .noSupervisor(supervisor) }
        guard let scoreboard = Scoreboard(reading: memory) else { throw .otherVersion(supervisor) }
        self.supervisor = supervisor
        self.scoreboard = scoreboard
        if hasWorker(supervisor) { throw .noSupervisor(supervisor) }
    }

    /// Other memory of the supervisor, for reading only.
    /// - Parameter name: what `SharedMemory.init(_:size:)` was given.
    public func memory(_ name: String) -> SharedMemory? { Self.memory(name, of: supervisor) }

    /// Slots with a worker, in the order of the workers' numbers, successors behind their predecessors.
    public var workers: [WorkerSlot] { scoreboard.workers }

    private func hasWorker(_ pid: Int32) -> Bool { workers.contains { $0.pid == pid } }

    // MARK: - /proc

    /// The file that a process executes, also when another one has taken its place.
    private static func program(of process: String) -> String? {
        guard let path = SystemFile.link("/proc/\(process)/exe") else { return nil }
        let mark = " (deleted)"
        return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
    }

    private static func memory(_ name: String, of pid: Int32) -> SharedMemory? {
        let folder = "/proc/\(pid)/fd"
        for descriptor in SystemFile.names(in: folder) {
            let path = "\(folder)/\(descriptor)"
            guard let link = SystemFile.link(path), link.hasPrefix("/memfd:\(name) ") || link == "/memfd:\(name)" else {
                continue
            }
            guard let file = try? FileDescriptor.open(path, O_RDONLY) else { return nil }
            return try? SharedMemory(reading: file)
        }
        return nil
    }

    /// The fourth field of /proc/PID/stat; the second may hold spaces and parentheses.
    private static func parent(of pid: Int32) -> Int32? {
        guard let text = SystemFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let words = text[end...].split(separator: " ")
        return words.count > 2 ? Int32(words[2]) : nil
    }
}

extension RunningService.NotFound: CustomStringConvertible {
    /// What to do about it.
    public var description: String {
        switch self {
        case .none:
            "No running service of this program can be seen. Run this as the user that runs the service, on the same "
                + "host and in the same container; or name the supervisor's process with --pid."
        case .several(let pids):
            "Several services of this program run. Name the supervisor's process with --pid: one of "
                + pids.map(String.init).joined(separator: ", ") + "."
        case .noSupervisor(let pid):
            "Process \(pid) is no supervisor that can be looked at. Name the parent of the workers, and run this as the "
                + "user that runs the service."
        case .otherVersion(let pid):
            "The service of process \(pid) runs another version, which keeps its numbers in another way. Run the status "
                + "command of that version."
        }
    }
}

extension Scoreboard {
    /// Another program's, for reading only. `nil` when it is laid out in another way.
    convenience init?(reading memory: SharedMemory) {
        guard memory.size >= ScoreboardLayout.firstSlot,
            memory.word(at: ScoreboardLayout.writtenVersion).load() == ScoreboardLayout.version
        else { return nil }
        let lanes = Int(clamping: memory.word(at: ScoreboardLayout.writtenLanes).load())
        guard lanes > 0, lanes < 65_536, memory.size >= ScoreboardLayout(lanes: lanes).size else { return nil }
        self.init(memory: memory, layout: ScoreboardLayout(lanes: lanes))
    }
}
