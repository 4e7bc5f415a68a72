import Linux
import Telemetry

/// What the kernel says of the host, or of the container's network.
enum HostLoad {
    static func read() -> [MetricReading] { load(SystemFile.read("/proc/loadavg")) + sockets() }

    /// `0.20 0.18 0.12 1/80 11206`: over one, five and fifteen minutes (proc(5)).
    static func load(_ text: String?) -> [MetricReading] {
        let numbers = text?.split(separator: " ").prefix(3).compactMap { Double($0) } ?? []
        return zip(["1m", "5m", "15m"], numbers).map { .number("system.load.\($0.0)", .gauge, $0.1) }
    }

    private static func sockets() -> [MetricReading] {
        ["/proc/net/sockstat", "/proc/net/sockstat6"].compactMap { SystemFile.read($0) }
            .reduce(into: [String: Double]()) { counts, text in
                for (state, count) in tcp(text) { counts[state, default: 0] += count }
            }
            .sorted { $0.key < $1.key }
            .map { .number("system.network.tcp.sockets", .gauge, $0.value, [("state", $0.key)]) }
    }

    /// `TCP: inuse 5 orphan 0 tw 0 alloc 6 mem 1`, and `TCP6: inuse 3`.
    static func tcp(_ text: String) -> [(String, Double)] {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("TCP: ") || $0.hasPrefix("TCP6: ") })
        else { return [] }
        let words = line.split(separator: " ").dropFirst()
        let states = ["inuse": "in use", "orphan": "orphan", "tw": "time wait"]
        return zip(words, words.dropFirst()).compactMap { name, value in
            states[String(name)].flatMap { state in Double(value).map { (state, $0) } }
        }
    }
}
