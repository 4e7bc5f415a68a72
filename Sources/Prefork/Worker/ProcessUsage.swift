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
    /// How many of them are sockets: counted among the first 1,024, and those behind are taken for some, because a
    /// process has so many only for connections. `nil` when they may not be looked at.
    public var sockets: Int?
    /// How often a thread of it, of those that live, waited for something.
    public var voluntarySwitches: Int
    /// How often a thread of it had to give the processor to another.
    public var involuntarySwitches: Int

    /// Seconds on a processor since the process began, and nothing else; `nil` when there is none.
    public static func processorTime(of pid: Int32) -> Double? {
        fields(ofStatOf: pid).flatMap { ProcessorTimes($0) }?.own
    }

    /// Its proportional share of memory (PSS), or all that it has in memory (RSS) where the kernel does not tell that, in bytes;
    /// `nil` when there is none.
    public static func memory(of pid: Int32) -> Int? {
        ProcessMemory.proportional(of: pid) ?? ProcessMemory.resident(of: pid)
    }

    /// From the third field on: the second, the name, may hold anything.
    private static func fields(ofStatOf pid: Int32) -> [Substring]? {
        guard let text = SystemFile.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].dropFirst(2).split(separator: " ")
        return fields.count > 20 ? fields : nil
    }

    /// Of how many descriptors it is found out what they are.
    static let mostLooked = 1024

    /// Of a process of this host; `nil` when there is none.
    public init?(of pid: Int32) {
        guard let fields = Self.fields(ofStatOf: pid), let times = ProcessorTimes(fields), let threads = Int(fields[17])
        else { return nil }
        // The process's own is that of its first thread alone.
        let switches = SystemFile.names(in: "/proc/\(pid)/task").compactMap { thread in
            SystemFile.read("/proc/\(pid)/task/\(thread)/status").map { Self.switches(in: $0) }
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
        voluntarySwitches = switches.reduce(0) { $0 + $1.voluntary }
        involuntarySwitches = switches.reduce(0) { $0 + $1.involuntary }
    }

    /// The last two lines of a thread's status: `voluntary_ctxt_switches`, a tab and a number, and the same of `nonvoluntary_…`.
    static func switches(in status: String) -> (voluntary: Int, involuntary: Int) {
        let numbers = status.split(separator: "\n").suffix(2).map { line in
            line.split(separator: "\t").last.flatMap { Int($0) } ?? 0
        }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
    }
}
