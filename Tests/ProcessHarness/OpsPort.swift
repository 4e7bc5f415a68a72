/// The port of a service's ops process.
struct OpsPort: Sendable {
    let port: UInt16

    /// What a service needs to have one.
    static let environment = ["OPS_PORT": "0", "LOG_LEVEL": "info"]

    /// As the log names it.
    init(in log: EventLog) throws {
        let listening = try log.wait(for: "ops listening")
        guard let port = listening["port"]?.int.flatMap({ UInt16(exactly: $0) }) else {
            throw Spawned.Failure(description: "the event names no port: \(listening.line)")
        }
        self.port = port
    }

    /// On a connection of its own. An ops process that leaves closes one that has been silent for a moment.
    func answer(_ request: Request, timeout: Double = 30) throws -> Answer {
        var outcome = Outcome.closedBeforeRequest
        for _ in 0..<3 {
            guard case .closedBeforeRequest = outcome else { break }
            outcome = try Connection(to: port, timeout: timeout).exchange(request)
        }
        guard case .answered(let answer) = outcome else {
            throw Spawned.Failure(description: "\(request.target): \(outcome)")
        }
        return answer
    }

    func scrape() throws -> Exposition { Exposition(try answer(.get("/metrics")).text) }

    /// What did not go well of a hundred scrapes, and as many looks at readiness in between. Late is what takes 50 ms beside the
    /// wait for a processor, which is the machine's.
    /// - Parameter readiness: What `/readyz` has to answer; `nil` for either.
    func lateness(of count: Int = 100, readiness: Int? = nil) -> [String] {
        var complaints: [String] = []
        let processes = ProcessTree.all().filter { !ProcessTree.listeners(of: $0, on: port).isEmpty }
        func processorDelay() -> Double { ProcessTree.processorDelay(ofThreadAnd: processes) }
        for turn in 0..<count {
            for path in ["/metrics", "/readyz"] {
                let begin = (wall: wallClock(), delay: processorDelay())
                let status = (try? answer(.get(path), timeout: 5))?.status
                let took = (wall: wallClock() - begin.wall, delay: processorDelay() - begin.delay)
                let milliseconds = Int((took.wall - max(0, took.delay)) * 1000)
                let isExpected = path == "/metrics" ? status == 200 : readiness.map { $0 == status } ?? (status != nil)
                if !isExpected { complaints.append("\(path) \(turn): \(status.map { "\($0)" } ?? "no answer")") }
                if milliseconds >= 50 { complaints.append("\(path) \(turn): \(milliseconds) ms") }
            }
        }
        return complaints
    }

    /// The same, but with another try when there are complaints: the tests' machine may have been busy with something else.
    func latenessAtBest(of count: Int = 100, readiness: Int? = nil) -> [String] {
        var complaints: [String] = []
        for _ in 0..<10 {
            complaints = lateness(of: count, readiness: readiness)
            if complaints.isEmpty { break }
        }
        return complaints
    }
}
