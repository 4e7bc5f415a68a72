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
    /// How many of them are sockets: counted among the first ``mostLooked``, and those behind are taken for some, because a
    /// process has so many only for connections. `nil` when they may not be looked at.
    public var sockets: Int?
    /// How often it waited for something, and how often it had to give way.
    public var voluntarySwitches: Int
    /// How often a thread of it had to give the processor to another.
    public var involuntarySwitches: Int

    /// Of how many descriptors it is found out what they are.
    static let mostLooked = 1024

    /// Of a process of this host; `nil` when there is none.
    public init?(of pid: Int32) {
        guard let stat = SystemFile.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")"),
            let status = SystemFile.read("/proc/\(pid)/status")
        else { return nil }
        // From the third field on: the second, the name, may hold anything.
        let fields = stat[end...].dropFirst(2).split(separator: " ")
        guard fields.count > 20, let times = ProcessorTimes(fields), let threads = Int(fields[17]) else { return nil }
        func counter(_ name: String) -> Int {
            let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
            return line.flatMap { Int($0.dropFirst(name.utf8.count + 1).filter(\.isNumber)) } ?? 0
        }
        processorTime = times.own
        residentMemory = ProcessMemory.resident(of: pid) ?? 0
        proportionalMemory = ProcessMemory.proportional(of: pid)
        self.threads = threads
        let names = SystemFile.names(in: "/proc/\(pid)/fd")
        descriptors = names.isEmpty ? nil : names.count
        sockets = descriptors.map { count in
            let others = names.prefix(Self.mostLooked).count { name in
                SystemFile.link("/proc/\(pid)/fd/\(name)")?.hasPrefix("socket:") == false
            }
            return count - others
        }
        voluntarySwitches = counter("voluntary_ctxt_switches")
        involuntarySwitches = counter("nonvoluntary_ctxt_switches")
    }
}
