import HTTPServer
import HTTPTypes
import Stays

extension Router {
    /// What platforms and balancers ask. Liveness says nothing about the store: restarting the service would not mend it.
    mutating func addHealth(_ services: Services) {
        get("/livez") { _ in .text("ok\n") }

        get("/readyz") { request in
            var reasons: [String] = []
            if services.isLeaving() { reasons.append("this worker is about to leave") }
            if case .unready(let reason) = services.store(for: request).readiness() { reasons.append(reason) }
            return .json(status: reasons.isEmpty ? .ok : .serviceUnavailable) { json in
                json.object { json in
                    json.member("ready", reasons.isEmpty)
                    guard !reasons.isEmpty else { return }
                    json.key("reasons")
                    json.array { json in for reason in reasons { json.value(reason) } }
                }
            }
        }
    }
}
