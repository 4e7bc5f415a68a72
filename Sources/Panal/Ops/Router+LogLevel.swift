import HTTPServer
import Logging
import Telemetry

extension Router {
    /// The level of the service's log: to see, to change for all processes at once, and to set back to `LOG_LEVEL`.
    mutating func addLogLevel(_ level: SharedLogLevel, access: OpsAccess, _ logger: Logger) {
        @Sendable func show() -> Response { .text("\(level.current)\n") }
        @Sendable func change(_ make: () -> Void) -> Response {
            let former = level.current
            make()
            if level.current != former {
                // Whatever is logged now, this is.
                var logger = logger
                logger.logLevel = .trace
                logger.notice("log level changed", metadata: ["from": "\(former)", "to": "\(level.current)"])
            }
            return show()
        }
        group(admission: [access.admit]) { ops in
            ops.get("/log-level", execution: .urgent) { _ in show() }
            ops.post("/log-level", execution: .urgent) { request in
                let order = try request.query(as: LogLevelOrder.self)
                return change { level.set(order.level) }
            }
            ops.delete("/log-level", execution: .urgent) { _ in change(level.reset) }
        }
    }
}

private struct LogLevelOrder: Decodable {
    let level: Logger.Level
}
