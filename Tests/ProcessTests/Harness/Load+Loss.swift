import Testing

extension Load {
    /// What services are asked: small answers, writes, and now and then a body that comes in many pieces.
    static func mixture(of hotel: Hotel) -> @Sendable (Int, Int) -> Request {
        { client, turn in
            let room = hotel.rooms[(client + turn) % hotel.rooms.count]
            switch turn % 8 {
            case 0:
                return Hotel.booking(of: room, inDays: 30 + (client * 31 + turn) % 300, key: "\(client)-\(turn)")
            case 1: return .get("/v1/bookings?limit=10")
            case 2: return .get("/livez")
            case 3 where client == 0: return Hotel.booking(of: room, inDays: 31, padding: 60_000)
            default: return .get("/v1/rooms/\(room)")
            }
        }
    }

    /// The mixture from clients that keep their connections, and from as many that use each only once.
    static func mixed(on address: Address, of hotel: Hotel, clients: Int = 6) -> [Load] {
        [Load.Style.keepAlive, .oneShot].map {
            Load(on: address, clients: clients, style: $0, request: mixture(of: hotel))
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
