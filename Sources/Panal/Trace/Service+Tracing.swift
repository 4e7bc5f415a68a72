import Linux
import Logging
import Prefork
import Telemetry

extension Service {
    /// What records traces, in the former program's memory in an upgrade; `nil` when nobody takes them.
    static func makeTracer(_ settings: TraceSettings, _ logger: Logger) throws -> Tracer? {
        guard settings.endpoint != nil else { return nil }
        let slots = Scoreboard.capacity
        let table = try makeTable(logger, SpanTable.name, former: { SpanTable(in: $0, slots: slots) }) {
            () throws(SystemError) in try SpanTable(slots: slots)
        }
        return Tracer(table, ratio: settings.ratio)
    }
}
