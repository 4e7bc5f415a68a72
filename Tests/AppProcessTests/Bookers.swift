import Glibc
import SQL
import Testing

@testable import ProcessHarness

/// Clients in pairs, of which both want the same night, each under an idempotency key of its own. Who gets no answer, or
/// 5xx, asks again under the same key until it learns what became of it. In between they read.
final class Bookers: Sendable {
    /// A request that was not answered as the service wants to.
    struct Failure: Sendable, CustomStringConvertible {
        let method: String
        /// `nil` when there was no answer.
        let status: Int?
        let saysWhenToRetry: Bool
        let seconds: Double
        let description: String

        /// 503 that says when to come again: an answer that a service without its database gives.
        var isPolite: Bool { status == 503 && saysWhenToRetry }
    }

    struct Ledger: Sendable {
        /// By the booking's identifier: room and night.
        var acknowledged: [String: String] = [:]
        var refused = 0
        var read = 0
        var replayed = 0
        var failures: [Failure] = []
        var slowest = 0.0

        var answered: Int { acknowledged.count + refused + read }
    }

    private struct State: Sendable {
        var ledger = Ledger()
        var mayRun = true
    }

    private let state = Monitor(State())
    private let crew: Monitor<Crew?>

    init(pairs: Int, in hotel: Hotel, on address: Address, firstDay: Int = 30, pause: UInt32 = 5_000) {
        crew = Monitor(nil)
        let state = state
        let threads = Crew(2 * pairs) { client in
            Bookers.run(client, hotel, address, firstDay, pause, state)
        }
        crew.update { [threads = Sent(threads)] in $0 = threads.value }
    }

    deinit { _ = stop() }

    private struct Sent: @unchecked Sendable {
        let value: Crew
        init(_ value: Crew) { self.value = value }
    }

    private static func run(
        _ client: Int,
        _ hotel: Hotel,
        _ address: Address,
        _ firstDay: Int,
        _ pause: UInt32,
        _ state: Monitor<State>
    ) {
        let pair = client / 2
        let room = hotel.rooms[pair % hotel.rooms.count]
        // Pairs that share a room want other days.
        let step = 1 + (pair / hotel.rooms.count)
        var connection: Connection?
        var turn = 0
        while state.read(\.mayRun) {
            let day = firstDay + turn * step
            let key = "pair-\(pair)-client-\(client)-turn-\(turn)"
            let requests = [Hotel.booking(of: room, inDays: day, key: key), .get("/v1/rooms/\(room)")]
            for request in requests {
                guard let answer = ask(request, on: &connection, address, state) else { return }
                state.update { state in
                    switch (request.method, answer.status) {
                    case ("POST", 201):
                        let id = answer.json?["id"]?.string ?? "?"
                        state.ledger.acknowledged[id] = "\(room) \(Hotel.date(inDays: day))"
                        if answer["Idempotency-Replayed"] != nil { state.ledger.replayed += 1 }
                    case ("POST", 409): state.ledger.refused += 1
                    case ("GET", 200): state.ledger.read += 1
                    default:
                        state.ledger.failures.append(
                            Failure(
                                method: request.method,
                                status: answer.status,
                                saysWhenToRetry: false,
                                seconds: 0,
                                description: "\(request.method) \(request.target): \(answer.status) \(answer.text)"
                            )
                        )
                    }
                }
            }
            turn += 1
            usleep(pause)
        }
    }

    /// Asks until there is an answer below 500; `nil` when there was none for very long.
    private static func ask(
        _ request: Request,
        on connection: inout Connection?,
        _ address: Address,
        _ state: Monitor<State>
    ) -> Answer? {
        let deadline = Deadline.after(60)
        while !deadline.isOver {
            let start = ContinuousClock.now
            let outcome: Outcome
            do throws(Connection.Failure) {
                if connection == nil { connection = try Connection(to: address) }
                outcome = connection!.exchange(request)
            } catch {
                outcome = error.outcome
            }
            let seconds = (ContinuousClock.now - start).inSeconds
            state.update { $0.ledger.slowest = max($0.ledger.slowest, seconds) }
            if case .closedBeforeRequest = outcome {
                connection = nil
                continue
            }
            if outcome.answer?.closesConnection != false { connection = nil }
            if let answer = outcome.answer, answer.status < 500 { return answer }
            state.update { state in
                let words = outcome.answer.map { "\($0.status) \($0.text.prefix(200))" } ?? "\(outcome)"
                state.ledger.failures.append(
                    Failure(
                        method: request.method,
                        status: outcome.status,
                        saysWhenToRetry: outcome.answer?["Retry-After"] != nil,
                        seconds: seconds,
                        description: "\(request.method) \(request.target) after \(seconds) s: \(words)"
                    )
                )
            }
            usleep(20_000)
        }
        return nil
    }

    var ledger: Ledger { state.read(\.ledger) }

    /// Waits until that many more requests have been answered than now.
    func waitForAnswers(_ count: Int, by deadline: Deadline = .generous) -> Bool {
        let goal = ledger.answered + count
        return state.wait(until: deadline) { $0.ledger.answered >= goal ? true : nil } ?? false
    }

    /// What failed while the body ran, and until some more requests had been answered.
    func failures(while body: () throws -> Void) throws -> [Failure] {
        let before = ledger.failures.count
        try body()
        #expect(waitForAnswers(100))
        return Array(ledger.failures[before...])
    }

    /// Ends the load after each client has learned what became of its request.
    func stop() -> Ledger {
        state.update { $0.mayRun = false }
        _ = crew.update { crew -> Sent? in
            defer { crew = nil }
            return crew.map(Sent.init)
        }
        return ledger
    }

    /// Holds the database against what was acknowledged: all of it is there, nothing else is, and no night is held twice.
    static func expect(_ ledger: Ledger, in url: DatabaseURL, sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        let database = SQL.Database(url)
        let rows: [(String, String)] = try database.all(
            "SELECT id, room_id, arrival FROM booking WHERE status = 'confirmed' AND guest_name = 'Ada Lovelace'"
        ) { row in
            let (id, room, night): (String, String, String) = (try row["id"], try row["room_id"], try row["arrival"])
            return (id, "\(room) \(night)")
        }
        let kept = Dictionary(uniqueKeysWithValues: rows)
        let lost = ledger.acknowledged.keys.filter { kept[$0] == nil }
        #expect(lost == [], "acknowledged and not there", sourceLocation: sourceLocation)
        let unknown = kept.keys.filter { ledger.acknowledged[$0] == nil }
        #expect(unknown == [], "there, although nobody was told so", sourceLocation: sourceLocation)
        #expect(Set(kept.values).count == kept.count, "a night is booked twice", sourceLocation: sourceLocation)
        #expect(!kept.isEmpty, sourceLocation: sourceLocation)
    }
}
