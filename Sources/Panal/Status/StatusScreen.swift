import Linux
import Prefork
import Telemetry

/// What the live view of a service shows on a terminal of some size: numbers, workers, requests in flight, routes, and at the
/// bottom what happened lately.
struct StatusScreen {
    var name: String
    var status: ServiceStatus
    /// Since the last look; `nil` at the first one.
    var rates: ServiceRates?
    /// Oldest first; `nil` when the service keeps none.
    var events: [RecentEvents.Event]?
    /// What is to be said beside it, such as that the service has gone.
    var remark: String?

    private static let hint = "q quits"

    /// As many lines as fit, and no wider.
    func lines(_ size: TerminalScreen.Size) -> [String] {
        var lines = [title] + numbers(size.columns)
        if let remark { lines.append(remark) }
        let room = size.rows - lines.count - 1
        let events = eventLines(size.columns)
        // A third is for what happened, less where that is not so much.
        let eventRoom = max(0, min(events.count, max(4, room / 3), room))
        var rest = room - eventRoom
        for section in sections {
            let lineCount = section.count + 1
            guard rest > 2 else { break }
            let shown = Self.cut(section, to: min(lineCount, rest) - 1)
            lines += [""] + shown
            rest -= shown.count + 1
        }
        lines += Array(repeating: "", count: max(0, rest)) + Self.newest(events, eventRoom)
        return (lines.prefix(max(0, size.rows - 1)) + [Self.hint]).map { Self.printable($0, size.columns) }
    }

    private var title: String {
        let ready = status.workers.count { $0.phase == .ready }
        let stopping = status.isStopping ? ", stopping" : ""
        return "\(name), supervisor \(status.supervisor)\(stopping): \(ready) of \(status.workers.count) workers ready"
    }

    /// As many in a line as fit.
    private func numbers(_ columns: Int) -> [String] {
        func text(_ value: Double?, _ decimals: Int) -> String { value?.text(decimals: decimals) ?? "-" }
        func milliseconds(_ value: Double?) -> String { value.map { ($0 * 1000).text(decimals: 2) + " ms" } ?? "-" }
        let words = [
            "requests/s \(text(rates?.requests, 1))", "errors/s \(text(rates?.failures, 1))",
            "p50 \(milliseconds(rates?.median))", "p95 \(milliseconds(rates?.percentile95))",
            "p99 \(milliseconds(rates?.percentile99))", "processors \(text(rates?.processors, 2))",
            "memory \(rates.map { (Double($0.memory) / 1e6).text(decimals: 1) + " MB" } ?? "-")",
            "I/O \(rates?.waitingShare.map { ($0 * 100).text(decimals: 0) + " %" } ?? "-")",
            "connections \(status.workers.reduce(0) { $0 + $1.connections })",
            "at work \(status.workers.reduce(0) { $0 + $1.inFlight.count })",
            "waiting \(status.workers.reduce(0) { $0 + $1.waiting })",
        ]
        var lines = [""]
        for word in words {
            if !lines[lines.count - 1].isEmpty, lines[lines.count - 1].count + 3 + word.count > columns {
                lines.append("")
            }
            lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : "   ") + word
        }
        return lines
    }

    private var sections: [[String]] {
        func split(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }
        var sections = [split(status.workersText)]
        let inFlight = status.workers.flatMap { worker in worker.inFlight.map { (worker.number, $0) } }
            .sorted { ($0.1.age ?? .zero) > ($1.1.age ?? .zero) }
        if !inFlight.isEmpty {
            sections.append(
                ["in flight, oldest first:"]
                    + inFlight.map { worker, request in
                        "worker \(worker): \(request.label), \(request.age?.short ?? "?"), request id \(request.id)"
                    }
            )
        }
        if let concurrency = status.concurrency {
            sections.append(
                ["time in handlers in \(concurrency.report.interval.short); \(concurrency.adviceText)"]
                    + split(concurrency.routesText)
            )
        }
        return sections
    }

    private func eventLines(_ columns: Int) -> [String] {
        guard let events else { return ["recent events: none are kept, because OPS_PORT is not set"] }
        return ["recent events:"] + (events.isEmpty ? ["none yet"] : events.flatMap { Self.wrapped($0.line, columns) })
    }

    /// A death has much to say: as many lines as that takes, but no more than three.
    private static func wrapped(_ line: String, _ columns: Int) -> [String] {
        let indent = String(repeating: " ", count: min(13, columns / 4))
        var lines: [String] = []
        var rest = line[...]
        while !rest.isEmpty, lines.count < 3 {
            let begin = lines.isEmpty ? "" : indent
            let piece = rest.prefix(max(1, columns - begin.count))
            lines.append(begin + piece)
            rest = rest.dropFirst(piece.count)
        }
        return lines
    }

    /// The head, and the newest of what follows.
    private static func newest(_ lines: [String], _ count: Int) -> [String] {
        guard count > 0 else { return [] }
        return lines.prefix(1) + lines.dropFirst().suffix(count - 1)
    }

    private static func cut(_ lines: [String], to count: Int) -> [String] {
        guard lines.count > count, count > 1 else { return Array(lines.prefix(max(0, count))) }
        return lines.prefix(count - 1) + ["… and \(lines.count - count + 1) more"]
    }

    /// What is in a line may be a client's to choose: nothing in it moves the cursor, and each character takes one place.
    private static func printable(_ line: String, _ columns: Int) -> String {
        var text = ""
        for character in line.prefix(max(0, columns)) {
            let isPlain = character.isASCII ? character >= " " && character != "\u{7F}" : "…×".contains(character)
            text.append(isPlain ? character : "?")
        }
        return text
    }
}
