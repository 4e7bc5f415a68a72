import Glibc
import HTTPServer
import HTTPTypes
import Linux
import Prefork
import Telemetry

extension Router {
    /// What the ops process answers.
    mutating func addOps(access: OpsAccess, _ readings: ServiceReadings) {
        let supervisor = getppid()
        get("/livez", execution: .urgent) { _ in .text("ok\n") }
        get("/readyz", execution: .urgent) { _ in .readiness(obstacles: readings.readiness.obstacles) }
        group(admission: [access.admit]) { ops in
            ops.get("/metrics", execution: .urgent) { request in
                let wantsOpenMetrics = request.value(of: .accept)?.contains("application/openmetrics-text") == true
                let format = wantsOpenMetrics ? MetricsText.openMetrics : .prometheus
                return Response(
                    status: .ok,
                    headerFields: [.contentType: format.contentType],
                    body: .string(format.text(readings.read(), ServiceMetric.descriptions))
                )
            }
            ops.get("/workers", execution: .urgent) { _ in
                let status = ServiceStatus(supervisor: getppid(), readings.scoreboard, concurrency: nil, hosts: [])
                return .json(Array(status.json.utf8))
            }
            for (path, signal, what) in Self.orders {
                ops.post(path, execution: .urgent) { _ in
                    // Without its supervisor this process is somebody else's child.
                    guard getppid() == supervisor, kill(supervisor, signal) == 0 else {
                        throw Problem(
                            .serviceUnavailable,
                            detail: "The supervisor is gone; the service is about to end."
                        )
                    }
                    return .text("\(what)\n", status: .accepted)
                }
            }
        }
    }

    /// The page that shows the service while it runs, and what it shows.
    mutating func addStatus(access: OpsAccess, _ feed: StatusFeed, until shutdown: CInt) {
        let page = EmbeddedPage.status
        group(admission: [access.admit]) { ops in
            ops.get("/status", execution: .urgent) { _ in page.response }
            ops.get("/events", execution: .urgent) { request in
                let watcher = try feed.watch()
                let last = request.value(of: .lastEventID)
                return .events { try feed.send(to: $0, as: watcher, after: last, until: shutdown) }
            }
        }
    }

    /// What may be ordered, and by which signal the supervisor hears of it.
    private static var orders: [(path: String, signal: CInt, what: String)] {
        [
            ("/roll", SIGHUP, "A roll was ordered; the log tells how it goes."),
            ("/grow", SIGTTIN, "One more worker was ordered."), ("/shrink", SIGTTOU, "One worker less was ordered."),
        ]
    }
}

extension HTTPField.Name {
    /// WHATWG HTML section 9.2.
    fileprivate static let lastEventID = known("Last-Event-ID")
}

extension Response {
    fileprivate static func readiness(obstacles: [String]) -> Response {
        .json(status: obstacles.isEmpty ? .ok : .serviceUnavailable) { json in
            json.object { json in
                json.member("ready", obstacles.isEmpty)
                guard !obstacles.isEmpty else { return }
                json.key("reasons")
                json.array { json in for obstacle in obstacles { json.value(obstacle) } }
            }
        }
    }
}
