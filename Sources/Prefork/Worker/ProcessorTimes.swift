import Glibc
import Linux

/// How long a process and those of its children that were waited for have been on a processor, in seconds (proc(5), stat).
public struct ProcessorTimes: Equatable, Sendable {
    /// The process itself.
    public var own: Double
    /// Its children that have ended, and theirs.
    public var children: Double

    /// Of a process of this host; `nil` when there is none.
    public init?(of pid: Int32) {
        guard let stat = SystemFile.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else { return nil }
        self.init(stat[end...].dropFirst(2).split(separator: " "))
    }

    /// From the third field on.
    init?(_ fields: [Substring]) {
        guard fields.count > 14 else { return nil }
        let ticks = fields[11...14].compactMap { Double($0) }
        guard ticks.count == 4 else { return nil }
        let second = Double(max(1, sysconf(CInt(_SC_CLK_TCK))))
        own = (ticks[0] + ticks[1]) / second
        children = (ticks[2] + ticks[3]) / second
    }
}
