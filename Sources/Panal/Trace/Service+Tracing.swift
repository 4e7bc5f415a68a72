import Linux
import Logging
import Prefork
import Telemetry

extension Service {
    /// What records traces, in the former program's memory in an upgrade; `nil` when nobody takes them.
    static func makeTracer(_ settings: TraceSettings, _ logger: Logger) throws -> Tracer? {
        guard settings.endpoint != nil else { return nil }
        let table = try makeTable(logger) { () throws(SystemError) in
            let slots = Scoreboard.capacity
            let former = ProcessStart.keptMemory(SpanTable.name).flatMap { SpanTable(in: $0, slots: slots) }
            if let former { return former }
            return try SpanTable(slots: slots)
        }
        return Tracer(table, ratio: settings.ratio)
    }
}
