import HTTPServer
import HTTPTypes
import SQL
import Values

extension Router {
    /// What platforms and balancers ask. Liveness says nothing about the store: restarting the service would not mend it.
    mutating func addHealth<Settings>(_ dependencies: Dependencies<Settings>) {
        var live = Operation("Whether this process answers", group: "service", answer: .text)
        live.isLimited = false
        get("/livez", live, execution: .urgent) { _ in .text("ok\n") }

        var ready = Operation(
            "Whether requests should be sent here",
            group: "service",
            answer: .json(Readiness.self),
            .json(Readiness.self, .serviceUnavailable)
        )
        ready.isLimited = false
        get("/readyz", ready, execution: .urgent) { request in
            try .readiness(dependencies.readiness(for: request), isLeaving: dependencies.isLeaving())
        }
    }

    /// Whether a route is what a prober asks every few seconds: lines in the log for each would bury the others.
    static func isProbe(_ route: String?) -> Bool { route == "/livez" || route == "/readyz" }
}

/// What a prober is told: in general terms, for anybody may ask.
private struct Readiness: Codable, ExampleProviding {
    let ready: Bool
    /// Why not; nil when it is.
    let reasons: [String]?
    /// What does not stop it from serving; nil for nothing.
    let warnings: [String]?

    static let example = Readiness(ready: true, reasons: nil, warnings: nil)
}

extension Response {
    /// - Parameter database: `nil` for a service without one.
    static func readiness(_ database: DatabaseReadiness?, isLeaving: Bool) throws -> Response {
        var reasons: [String] = []
        if isLeaving { reasons.append("the service is about to stop") }
        var warnings: [String] = []
        switch database {
        case .ready, nil: break
        // All instances share the store. Were none of them ready, nobody could even read.
        case .readable(let obstacle): warnings.append(obstacle.summary)
        case .unready(let error): reasons.append(error.summary)
        }
        let readiness = Readiness(
            ready: reasons.isEmpty,
            reasons: reasons.isEmpty ? nil : reasons,
            warnings: warnings.isEmpty ? nil : warnings
        )
        return try .json(readiness, status: reasons.isEmpty ? .ok : .serviceUnavailable)
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
