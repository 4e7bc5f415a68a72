import Linux

/// How often the kernel has killed a process of this control group for want of memory (cgroups(7), memory.events).
struct MemoryEvents {
    private let path: String?
    private var seen: Int

    /// Counts from now on.
    static func ofThisProcess() -> MemoryEvents {
        let path = ControlGroup.ofThisProcess().memoryEventsPath
        return MemoryEvents(path: path, seen: path.flatMap(count) ?? 0)
    }

    /// Whether it happened since the last time.
    mutating func someoneWasKilled() -> Bool {
        guard let path, let now = Self.count(path) else { return false }
        defer { seen = now }
        return now > seen
    }

    private static func count(_ path: String) -> Int? { SystemFile.read(path).flatMap { kills(in: $0) } }

    /// The count in a file's text: a line "oom_kill 3".
    static func kills(in text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) }
        }
        return nil
    }
}
