import HTTPServer
import HTTPTypes
import SQL
import Values

extension Router {
    /// What platforms and balancers ask. Liveness says nothing about the store: restarting the service would not mend it.
    mutating func addHealth(_ services: Services) {
        get("/livez") { _ in .text("ok\n") }

        get("/readyz") { request in
            var reasons: [String] = []
            if services.isLeaving() { reasons.append("the service is about to stop") }
            var warnings: [String] = []
            switch services.readiness(for: request) {
            case .ready: break
            // All instances share the store. Were none of them ready, nobody could even read.
            case .readable(let obstacle): warnings.append(obstacle.summary)
            case .unready(let error): reasons.append(error.summary)
            }
            return .json(status: reasons.isEmpty ? .ok : .serviceUnavailable) { json in
                json.object { json in
                    json.member("ready", reasons.isEmpty)
                    let lists: [(StaticString, [String])] = [("reasons", reasons), ("warnings", warnings)]
                    for (name, texts) in lists where !texts.isEmpty {
                        json.key(name)
                        json.array { json in for text in texts { json.value(text) } }
                    }
                }
            }
        }
    }
}
