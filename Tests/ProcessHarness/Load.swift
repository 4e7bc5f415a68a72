import Glibc

/// Clients that ask without pause, and count what became of each request.
final class Load: Sendable {
    /// How a client uses its connections.
    enum Style: Sendable {
        /// One connection for as long as the service keeps it.
        case keepAlive
        /// A connection for each request, closed by `Connection: close`.
        case oneShot
    }

    struct Tally: Sendable {
        var answered: [Int: Int] = [:]
        var refused = 0
        var closedBeforeRequest = 0
        var connections = 0
        /// Requests that were sent and not answered, and answers that break HTTP.
        var failures: [String] = []

        var total: Int { answered.values.reduce(0, +) }

        /// Answers that a service which loses nothing does not give.
        var serverErrors: [Int: Int] { answered.filter { $0.key >= 500 } }
    }

    private struct State: Sendable {
        var tally = Tally()
        var mayRun = true
        var running = 0
    }

    private let state = Monitor(State())
    private let crew: Monitor<Crew?>

    /// Starts at once.
    ///
    /// - Parameters:
    ///   - leavesWhenRefused: Whether a client ends when nobody listens any more; else it counts and tries again.
    ///   - request: The client's n-th request.
    init(
        on address: Address,
        clients: Int,
        style: Style,
        leavesWhenRefused: Bool = false,
        request: @escaping @Sendable (_ client: Int, _ turn: Int) -> Request
    ) {
        let state = self.state
        state.update { $0.running = clients }
        crew = Monitor(nil)
        let threads = Crew(clients) { client in
            Load.run(
                client,
                on: address,
                style: style,
                leavesWhenRefused: leavesWhenRefused,
                state: state,
                request: request
            )
            state.update { $0.running -= 1 }
        }
        crew.update { [threads = Sent(threads)] in $0 = threads.value }
    }

    // A test that ends by an error leaves no client behind.
    deinit { _ = stop() }

    private struct Sent: @unchecked Sendable {
        let value: Crew
        init(_ value: Crew) { self.value = value }
    }

    private static func run(
        _ client: Int,
        on address: Address,
        style: Style,
        leavesWhenRefused: Bool,
        state: Monitor<State>,
        request: (Int, Int) -> Request
    ) {
        var connection: Connection?
        var idleSince = ContinuousClock.now
        var turn = 0
        while state.read(\.mayRun) {
            if connection == nil {
                do throws(Connection.Failure) {
                    connection = try Connection(to: address)
                    idleSince = .now
                    state.update { $0.tally.connections += 1 }
                } catch {
                    switch error.outcome {
                    case .refused, .connectTimedOut:
                        state.update { $0.tally.refused += 1 }
                        if leavesWhenRefused { return }
                        usleep(1_000)
                    default:
                        state.update { $0.tally.failures.append("connecting: \(error)") }
                    }
                    continue
                }
            }
            var next = request(client, turn)
            if style == .oneShot { next.fields.append(("Connection", "close")) }
            let idle = (ContinuousClock.now - idleSince).inSeconds
            let outcome = connection!.exchange(next)
            idleSince = .now
            switch outcome {
            case .answered(let answer):
                state.update { $0.tally.answered[answer.status, default: 0] += 1 }
                turn += 1
                if style == .oneShot || answer.closesConnection { connection = nil }
            case .closedBeforeRequest:
                state.update { $0.tally.closedBeforeRequest += 1 }
                connection = nil
            default:
                state.update {
                    $0.tally.failures.append(
                        """
                        client \(client), turn \(turn), \(style), \(next.method) \(next.target), \
                        on a connection that was idle for \(idle) s: \(outcome)
                        """
                    )
                }
                turn += 1
                connection = nil
            }
        }
    }

    var tally: Tally { state.read(\.tally) }

    /// Waits until `count` more requests have been answered than now: the load is truly running.
    func waitForAnswers(_ count: Int, by deadline: Deadline = .generous) -> Bool {
        let goal = tally.total + count
        return state.wait(until: deadline) { $0.tally.total >= goal ? true : nil } ?? false
    }

    /// Waits until every client has left by itself.
    func waitUntilAllLeft(by deadline: Deadline = .generous) -> Bool {
        state.wait(until: deadline) { $0.running == 0 ? true : nil } ?? false
    }

    /// Ends the load after the requests under way.
    func stop() -> Tally {
        state.update { $0.mayRun = false }
        _ = crew.update { crew -> Sent? in
            defer { crew = nil }
            return crew.map(Sent.init)
        }
        return tally
    }
}
