import HTTPServer
import Linux
import Logging
import Panal
import Prefork
import Telemetry

/// What is written down about a request.
let observing = [
    MeasuredFunction("black-box") {
        let lane = try Worker.alone().slot.lane(0)
        let message = ReceivedMessage(Messages.room)
        _ = try message.read()
        let request = message.request
        let start = MonotonicInstant(nanoseconds: 1)
        return {
            request.withMethodAndTarget { label in
                request.withID { id in
                    let (method, target) = (label.extracting(..<3), label.extracting(4...))
                    lane.begin(method.bytes, target.bytes, id: id.bytes, startedAt: start)
                }
            }
            lane.end()
            return 1
        }
    },
    MeasuredFunction("access-log") {
        let databases = try SampleData.databases()
        let router = try SampleData.router(databases)
        let message = ReceivedMessage(Messages.room, router: router)
        _ = try message.read()
        _ = message.route()
        let exchange = message.exchange
        let observer = try Measured.observer(
            worker: try .alone(),
            databases: databases,
            routes: router.routes,
            logger: .json(level: .info)
        )
        let ofThread = observer.requestObserver(forThread: 0)
        let output = LogOutput.standardOutput
        return {
            ofThread.requestEnded(exchange)
            output.flush()
            return 1
        }
    },
]

extension Logger {
    /// A logger that lets through what the level says.
    static func json(level: Logger.Level) -> Logger {
        Logger(label: "panal") { _ in JSONLogHandler(level: level) }
    }
}
