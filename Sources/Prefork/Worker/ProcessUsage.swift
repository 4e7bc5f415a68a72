import Glibc
import Linux

/// What a process uses of the host, as the kernel counts it (proc(5)).
public struct ProcessUsage: Sendable {
    /// Seconds on a processor since it began.
    public var processorTime: Double
    /// All that it has in memory (RSS), in bytes, shared or not.
    public var residentMemory: Int
    /// Its proportional share (PSS), in bytes: what is shared counts as a fraction. `nil` when the kernel does not tell.
    public var proportionalMemory: Int?
    /// How many threads.
    public var threads: Int
    /// Open descriptors; `nil` when they may not be looked at.
    public var descriptors: Int?
    /// How often it waited for something, and how often it had to give way.
    public var voluntarySwitches: Int
    /// How often a thread of it had to give the processor to another.
    public var involuntarySwitches: Int

    /// Seconds on a processor since the process began, and nothing else; `nil` when there is none.
    public static func processorTime(of pid: Int32) -> Double? {
        guard let stat = SystemFile.read("/proc/\(pid)/stat") else { return nil }
        return fields(ofStat: stat).flatMap { processorTime($0) }
    }

    /// Its proportional share of memory (PSS), or all that it has in memory (RSS) where the kernel does not tell that, in bytes;
    /// `nil` when there is none.
    public static func memory(of pid: Int32) -> Int? {
        ProcessMemory.proportional(of: pid) ?? ProcessMemory.resident(of: pid)
    }

    /// From the third field on: the second, the name, may hold anything.
    private static func fields(ofStat text: String) -> [Substring]? {
        guard let end = text.lastIndex(of: ")") else { return nil }
        return text[end...].dropFirst(2).split(separator: " ")
    }

    private static func processorTime(_ fields: [Substring]) -> Double? {
        guard fields.count > 20, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(max(1, sysconf(CInt(_SC_CLK_TCK))))
    }

    /// Of a process of this host; `nil` when there is none.
    public init?(of pid: Int32) {
        guard let stat = SystemFile.read("/proc/\(pid)/stat"), let fields = Self.fields(ofStat: stat),
            let time = Self.processorTime(fields), let threads = Int(fields[17]),
            let status = SystemFile.read("/proc/\(pid)/status")
        else { return nil }
        func counter(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return line.flatMap { Int($0.dropFirst(name.utf8.count + 1).filter(\.isNumber)) } ?? 0
        }
        processorTime = time
        residentMemory = ProcessMemory.resident(of: pid) ?? 0
        proportionalMemory = ProcessMemory.proportional(of: pid)
        self.threads = threads
        let names = SystemFile.names(in: "/proc/\(pid)/fd")
        descriptors = names.isEmpty ? nil : names.count
        voluntarySwitches = counter("voluntary_ctxt_switches")
        involuntarySwitches = counter("nonvoluntary_ctxt_switches")
    }
}
