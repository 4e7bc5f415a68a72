import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    /// Who answered says `X-Panal-Worker: <pid>/<thread>`.
    @Suite("Handlers that wait, in several workers")
    struct WaitingTests {
        private static func service(workers: Int, threads: Int) throws -> Service {
            let settings = [
                "WEB_THREADS": "\(threads)", "DEBUG_HEADERS": "on", "REQUEST_TIMEOUT": "60s", "QUEUE_TIMEOUT": "60s",
            ]
            return try Service(workers: workers, environment: settings)
        }

        private static func place(_ outcome: Outcome) -> Substring? { outcome.answer?["X-Panal-Worker"]?[...] }
        private static func worker(_ outcome: Outcome) -> Substring? { place(outcome)?.prefix { $0 != "/" } }

        @Test("who answered is told on demand only")
        func debugHeader() throws {
            let silent = try Service(workers: 1)
            #expect(try silent.answer(.get("/livez"))["X-Panal-Worker"] == nil)
            silent.stop()
            let telling = try Self.service(workers: 1, threads: 1)
            let place = try #require(try telling.answer(.get("/livez"))["X-Panal-Worker"])
            #expect(place.split(separator: "/").first == "\(telling.workers[0])")
            telling.stop()
        }

        @Test(
            "all connections are one worker's: what its threads cannot take, those of its siblings do, each to its limit"
        )
        func skewed() throws {
            let (workers, threads) = (3, 2)
            let service = try Self.service(workers: workers, threads: threads)
            let partner = try Partner()
            let connections = try (0..<24).map { _ in try service.connect() }
            let owners = connections.map { Self.worker($0.exchange(.get("/bytes/1"))) }
            let owner = try #require(owners[0])
            let ownersConnections = zip(connections, owners).filter { $0.1 == owner }.map(\.0)
            try #require(ownersConnections.count >= workers * threads)
            for round in 0..<5 {
                let asking = ownersConnections.prefix(workers * threads)
                for (number, connection) in asking.enumerated() {
                    connection.send(partner.request("\(round)-\(number)").bytes)
                }
                // They all wait at the same time: no thread of any worker is free, and none of them had to wait for another.
                #expect(partner.isAsked(Set((0..<workers * threads).map { "\(round)-\($0)" })))
                // One that comes now has to, and is the next.
                connections[23].send(partner.request("late").bytes)
                partner.answerAll()
                let outcomes = asking.map { $0.receive() }
                #expect(outcomes.allSatisfy { $0.status == 204 }, "\(outcomes)")
                #expect(partner.nextQuestion() == "late")
                partner.answer("late")
                #expect(connections[23].receive().status == 204)
                #expect(Set(outcomes.map(Self.place)).count == workers * threads, "\(outcomes.map(Self.place))")
                let shares = Dictionary(grouping: outcomes, by: Self.worker).mapValues(\.count)
                #expect(shares.values.allSatisfy { $0 == threads }, "\(shares)")
            }
            service.stop()
        }

        @Test(
            "no request waits while any thread of any worker is free, whatever the load",
            arguments: [(1, 4), (2, 2), (4, 1), (3, 3)]
        )
        func property(workers: Int, threads: Int) throws {
            let service = try Self.service(workers: workers, threads: threads)
            let partner = try Partner()
            var idle = try (0..<3 * workers * threads).map { _ in try service.connect() }
            var waiting: [(name: String, connection: Connection, isKept: Bool)] = []
            var sent = 0
            var history: [String] = []
            func check(_ isServed: Bool, _ what: String) throws {
                history.append(what)
                try #require(isServed, "\(history.suffix(30))")
            }
            func check(_ outcome: Outcome, _ status: Int, _ what: String) throws {
                let answer = outcome.answer
                try check(
                    answer?.status == status,
                    "\(what) by \(answer?["X-Panal-Worker"] ?? "nobody")\(answer?.text.count == 10 ? "" : answer?.text ?? "")"
                )
            }
            func settle(_ index: Int) throws {
                let (name, connection, isKept) = waiting.remove(at: index)
                partner.answer(name)
                let outcome = connection.receive()
                try check(outcome, 204, "answered \(name)")
                idle.append(isKept && outcome.answer?.closesConnection == false ? connection : try service.connect())
            }
            while sent < 400 {
                let free = workers * threads - waiting.count
                switch Int.random(in: 0..<4) {
                case 0 where free > 0:
                    // A burst that fits, sent before any of it is looked at.
                    var names: Set<String> = []
                    for _ in 0..<Int.random(in: 1...free) {
                        let (name, isKept) = ("\(sent)", Bool.random())
                        let connection = idle.remove(at: Int.random(in: idle.indices))
                        connection.send(partner.request(name, isKept ? [] : [("Connection", "close")]).bytes)
                        waiting.append((name, connection, isKept))
                        names.insert(name)
                        sent += 1
                    }
                    try check(partner.isAsked(names), "\(names.sorted()) wait beside \(waiting.count - names.count)")
                case 1 where !waiting.isEmpty:
                    try settle(Int.random(in: waiting.indices))
                default:
                    guard free > 0 else { continue }
                    let connection = idle[Int.random(in: idle.indices)]
                    try check(connection.exchange(.get("/bytes/10")), 200, "two that are quick")
                    try check(service.ask(.get("/bytes/10")), 200, "another")
                    sent += 2
                }
            }
            while !waiting.isEmpty { try settle(0) }
            service.stop()
        }

        @Test("connections that come together are spread over idle workers", arguments: [8, 24, 64])
        func spread(count: Int) throws {
            let service = try Self.service(workers: 4, threads: 2)
            // Those of a round stay: a worker that hears of their ends before the others do would have the fewest.
            var connections: [Connection] = []
            var shares: [Substring?: Int] = [:]
            for round in 1...3 {
                let newcomers = try (0..<count).map { _ in try service.connect() }
                connections += newcomers
                for connection in newcomers { connection.send(Request.get("/bytes/1").bytes) }
                for connection in newcomers { shares[Self.worker(connection.receive()), default: 0] += 1 }
                // One more where a quarter of the mean is less than one: a worker may be off the processor just after it
                // has told its siblings that it is about to let somebody in. The next round makes up for it.
                let mean = Double(round * count) / 4
                #expect(Double(shares.values.max() ?? 0) <= max(1.25 * mean, mean + 1), "\(shares)")
                #expect(shares.count == 4, "\(shares)")
            }
            service.stop()
        }

        @Test("something asynchronous gives its result or its error, holds nobody up, and ends at the deadline")
        func asynchronous() throws {
            let service = try Self.service(workers: 1, threads: 1)
            #expect(try service.answer(.get("/async/0")).text == "3")
            let refusal = try service.answer(.get("/async-refusal"))
            #expect(refusal.status == 409 && refusal.text.contains("Taken."))
            // As quick ones are known to be quick they need no thread.
            let quick = try service.connect()
            for _ in 0..<60 { #expect(quick.exchange(.get("/bytes/1")).status == 200) }
            let slow = try service.connect()
            slow.send(Request.get("/async/3600000").bytes)
            var count = 0
            while case .open = slow.peek() {
                #expect(quick.exchange(.get("/bytes/1")).status == 200)
                count += 1
                usleep(10_000)
            }
            #expect(count > 10)
            let late = try #require(slow.receive().answer)
            #expect(late.status == 504 && late.text.contains("took too long"), "\(late.text)")
            service.stop()
        }

        @Test("threads that were needed once are gone when nothing waits any more")
        func idleThreads() throws {
            let service = try Self.service(workers: 1, threads: 8)
            let worker = service.workers[0]
            let atRest = ProcessTree.threadCount(of: worker)
            let partner = try Partner()
            let connections = try (0..<8).map { _ in try service.connect() }
            for (number, connection) in connections.enumerated() { connection.send(partner.request("\(number)").bytes) }
            #expect(partner.isAsked(Set((0..<8).map { "\($0)" })))
            #expect(ProcessTree.threadCount(of: worker) >= atRest + 7)
            partner.answerAll()
            for connection in connections { #expect(connection.receive().status == 204) }
            // Who has the loop, who stands by, and the first, which stays as long as the worker.
            #expect(eventually { ProcessTree.threadCount(of: worker) <= atRest + 2 })
            service.stop()
        }
    }
}
