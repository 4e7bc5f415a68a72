import HTTPServer
import HTTPTypes
import SQL

extension Router {
    /// What platforms and balancers ask. Liveness says nothing about the store: restarting the service would not mend it.
    mutating func addHealth<Settings>(_ dependencies: Dependencies<Settings>) {
        get("/livez", execution: .urgent) { _ in .text("ok\n") }

        get("/readyz", execution: .urgent) { request in
            .readiness(dependencies.readiness(for: request), isLeaving: dependencies.isLeaving())
        }
    }

    /// Whether a route is what a prober asks every few seconds: lines in the log for each would bury the others.
    static func isProbe(_ route: String?) -> Bool { route == "/livez" || route == "/readyz" }
}

extension Response {
    /// What a prober is told: in general terms, for anybody may ask.
    /// - Parameter database: `nil` for a service without one.
    static func readiness(_ database: DatabaseReadiness?, isLeaving: Bool) -> Response {
        var reasons: [String] = []
        if isLeaving { reasons.append("the service is about to stop") }
        var warnings: [String] = []
        switch database {
        case .ready, nil: break
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

extension Dependencies {
    /// Whether the calling thread's database can serve, reported to whoever keeps the log; `nil` without a database.
    fileprivate func readiness(for request: Request) -> DatabaseReadiness? {
        guard databases != nil else { return nil }
        let readiness = database(for: request).readiness()
        noteReadiness(readiness)
        return readiness
    }
}
