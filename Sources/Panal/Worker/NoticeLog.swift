import Logging
import Prefork
import Telemetry
import Values

/// Writes what the supervisor has to say as log lines, the details in the order in which they are best read.
final class NoticeLog: NoticeOutput {
    private let level: SharedLogLevel
    private let readyMessage: String
    private let metrics: MetricsTable?
    private let recent: RecentEvents?
    private let queue: LogQueue

    /// - Parameters:
    ///   - readyMessage: What it says when all workers are ready. `ready` promises a port, to whoever reads the logs of
    ///     several processes as one.
    ///   - metrics: Where the ends of children and of rolls are counted.
    ///   - recent: Where the last of them are kept, whatever the log's level.
    init(
        level: SharedLogLevel,
        format: LogFormat,
        readyMessage: String = "ready",
        metrics: MetricsTable? = nil,
        recent: RecentEvents? = nil
    ) {
        queue = LogQueue(format)
        self.metrics = metrics
        self.recent = recent
        self.level = level
        self.readyMessage = readyMessage
    }

    var blockedDescriptor: Int32? { queue.blockedDescriptor }

    func flush() { queue.flush() }

    var keptLines: [String] { queue.unwrittenLines }

    func writeKept(_ lines: [String]) { queue.append(unwritten: lines) }

    func write(_ notice: Notice) {
        count(notice)
        let (severity, name): (Logger.Level, StaticString) =
            switch notice.level {
            case .info: (.info, "info")
            case .warning: (.warning, "warning")
            case .error: (.error, "error")
            }
        // What is said again and again would drive out what happened.
        let recent = notice.message == ConcurrencyLog.message ? nil : recent
        let isLogged = level.allows(severity)
        guard isLogged || recent != nil else { return }
        var line = LogLine()
        line.begin(name, message: notice.message == "ready" ? readyMessage : notice.message, at: .now())
        for field in notice.fields {
            switch field.value {
            case .integer(let number): line.field(name: field.name, number)
            case .decimal(let number): line.field(name: field.name, json: number.text(decimals: 2))
            case .text(let text): line.field(name: field.name, text)
            case .flag(let flag): line.field(name: field.name, json: flag ? "true" : "false")
            case .duration(let duration): line.field(name: field.name + "Ms", milliseconds: duration)
            case .integers(let numbers):
                line.field(name: field.name, json: "[" + numbers.map(String.init).joined(separator: ",") + "]")
            }
        }
        let text = line.end()
        recent?.append(text.dropLast())
        if isLogged { queue.append(text) }
    }

    private func count(_ notice: Notice) {
        guard let metrics else { return }
        func text(_ name: String) -> String? {
            if case .text(let text)? = notice[name] { text } else { nil }
        }
        switch notice.message {
        case "worker exited", "companion exited":
            let process = text("process") ?? "worker"
            SupervisorMetrics(metrics).exited(process, text("cause") ?? "?")
        case "roll finished":
            SupervisorMetrics(metrics).rolled(notice)
        default: break
        }
    }
}
