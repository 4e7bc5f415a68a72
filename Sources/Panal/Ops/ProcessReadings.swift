import Linux
import Prefork
import Telemetry

/// What the service's processes use, looked at no more often than it changes, and never for longer than who asks may wait: what
/// there is no time for is what it was a moment ago.
final class ProcessReadings: Sendable {
    private struct Seen: Sendable {
        var usage: ProcessUsage
        var at: MonotonicInstant
    }

    private let seen = Lock<[Int32: Seen]>([:])

    /// How old what is shown may be before it is looked at again.
    private static let age = Duration.milliseconds(500)
    /// A look at one process takes some tenths of a millisecond; with hundreds of them it must not become a wait.
    private static let time = Duration.milliseconds(20)

    /// Of processes, by name.
    func read(_ processes: [(name: String, pid: Int32)], at now: MonotonicInstant = .now) -> [MetricReading] {
        seen.withLock { seen in
            var next: [Int32: Seen] = [:]
            // Those first that were looked at longest ago.
            let order = processes.filter { $0.pid > 0 }.map(\.pid).sorted { left, right in
                (seen[left]?.at.nanoseconds ?? 0) < (seen[right]?.at.nanoseconds ?? 0)
            }
            for pid in order {
                if let former = seen[pid], now - former.at < Self.age || .now - now > Self.time {
                    next[pid] = former
                } else if .now - now <= Self.time, let usage = ProcessUsage(of: pid) {
                    next[pid] = Seen(usage: usage, at: now)
                }
            }
            seen = next
            return processes.flatMap { process in
                next[process.pid].map { Self.readings(process.name, $0.usage) } ?? []
            }
        }
    }

    private static func readings(_ name: String, _ usage: ProcessUsage) -> [MetricReading] {
        let of = [("process", name)]
        let known: [(String, Double)] = [
            ("process.cpu.time", usage.processorTime), ("process.memory.usage", Double(usage.residentMemory)),
            ("process.threads", Double(usage.threads)),
        ]
        let possible: [(String, Int?)] = [
            ("process.memory.pss", usage.proportionalMemory),
            ("process.open_file_descriptors", usage.descriptors), ("panal.process.sockets", usage.sockets),
        ]
        let switches = [("voluntary", usage.voluntarySwitches), ("involuntary", usage.involuntarySwitches)]
        return known.map { .number($0.0, .gauge, $0.1, of) }
            + possible.compactMap { name, value in value.map { .number(name, .gauge, Double($0), of) } }
            + switches.map { .number("process.context_switches", .gauge, Double($0.1), of + [("type", $0.0)]) }
    }
}

extension MetricReading {
    /// One number.
    static func number(
        _ name: String,
        _ kind: MetricKind,
        _ value: Double,
        _ dimensions: [(String, String)] = []
    ) -> MetricReading {
        let series = MetricSeries(name, kind, dimensions.map { MetricSeries.Dimension($0.0, $0.1) })
        return MetricReading(series: series, value: .number(value))
    }
}
