import Testing

extension Load {
    /// What services are asked: small answers, writes, and now and then a body that comes in many pieces.
    static let mixture: @Sendable (Int, Int) -> Request = { client, turn in
        switch turn % 8 {
        case 0: return Note.write("\(client)-\(turn)")
        case 1: return .get("/notes")
        case 2: return .get("/livez")
        case 3 where client == 0: return Note.write("padded", padding: 60_000)
        default: return .get("/notes/\(client)-0")
        }
    }

    /// The mixture from clients that keep their connections, and from as many that use each only once.
    static func mixed(on address: Address, clients: Int = 6) -> [Load] {
        [Load.Style.keepAlive, .oneShot].map {
            Load(on: address, clients: clients, style: $0, request: mixture)
        }
    }
}

extension [Load] {
    /// Whether each has `count` more answers than now: the load is truly running.
    func waitForAnswers(_ count: Int) -> Bool {
        allSatisfy { $0.waitForAnswers(count) }
    }

    /// Ends the load: exactly no request failed. Says how many were sent while what happened how often.
    func expectNoLoss(_ what: String, times: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        let tallies = map { $0.stop() }
        for tally in tallies {
            #expect(tally.failures == [], sourceLocation: sourceLocation)
            #expect(tally.refused == 0, sourceLocation: sourceLocation)
            #expect(tally.serverErrors == [:], sourceLocation: sourceLocation)
            #expect(tally.total > 0, sourceLocation: sourceLocation)
        }
        let requests = tallies.map(\.total).reduce(0, +)
        let failed = tallies.map { $0.failures.count + $0.refused + $0.serverErrors.values.reduce(0, +) }
        print("\(what): \(times) times, \(requests) requests, \(failed.reduce(0, +)) failed")
    }
}
