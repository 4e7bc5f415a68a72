import Glibc
import Synchronization
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("A crowd of ten thousand")
    struct CrowdTests {
        /// As many as the limit on descriptors lets, and never more than ten thousand.
        private static let size: Int = {
            var limit = rlimit()
            getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            // The service inherits it.
            setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
            return min(10_000, max(0, Int(clamping: limit.rlim_cur) - 500))
        }()

        /// The worker's own memory in bytes, shared pages by share: proc(5), smaps_rollup.
        private func memory(of worker: pid_t) throws -> Int {
            try #require(ProcessTree.kilobytes("Pss", of: worker, in: "smaps_rollup")) * 1024
        }

        /// The time that all but one in a hundred of a well-behaved client's requests stay below.
        private func slowest(asking service: Service, requests: Int = 2000) throws -> Double {
            let client = try service.connect()
            var times: [Double] = []
            for _ in 0..<requests {
                let began = ContinuousClock.now
                #expect(client.exchange(.get("/livez")).status == 200)
                times.append((ContinuousClock.now - began).inSeconds)
            }
            return times.sorted()[requests * 99 / 100]
        }

        /// The best of some times with the crowd: on a busy machine one may be held up by what is not the service.
        /// - Parameter time: The seconds for which the crowd is there.
        private func expectNoHarm(to service: Service, without: Double, requests: Int = 2000, within time: Double)
            throws
        {
            let most = without * 3 + 0.005
            let deadline = Deadline.after(time)
            var with: [Double] = []
            repeat {
                with.append(try slowest(asking: service, requests: requests))
            } while with.min() ?? 0 > most && with.count < 5 && deadline.secondsLeft > 0
            #expect(with.min() ?? 0 <= most, "p99 with the crowd \(with) s, without \(without) s")
        }

        @Test("that is idle costs two kilobytes each at the most, and a well-behaved client nothing")
        func idle() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            let without = try slowest(asking: service)
            let before = try memory(of: worker)
            let crowd = try (0..<Self.size).map { _ in
                let connection = try service.connect()
                #expect(connection.exchange(.get("/livez")).status == 200)
                return connection
            }
            let each = Double(try memory(of: worker) - before) / Double(crowd.count)
            #expect(each <= 2048, "bytes for each of \(crowd.count) idle connections: \(each)")
            try expectNoHarm(to: service, without: without, within: 60)
            for connection in crowd { #expect(connection.peek() == .open) }
            #expect(service.workers == [worker])
            service.stop()
        }

        @Test("that dribbles its requests byte by byte costs memory only, which comes back when it leaves")
        func dribbling() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            let without = try slowest(asking: service)
            let before = try memory(of: worker)
            let request = Array("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".utf8)
            let came = ContinuousClock.now
            var crowd = try (0..<Self.size).map { _ in
                let connection = try service.connect()
                connection.send(request)
                return connection
            }
            _ = try slowest(asking: service, requests: 1)
            let each = Double(try memory(of: worker) - before) / Double(crowd.count)
            #expect(each <= 2560, "bytes for each of \(crowd.count) half-sent heads: \(each)")

            let dribbler = Dribbler(crowd)
            defer { dribbler.stop() }
            // For ten seconds a head may take its time.
            let rest = 8 - (ContinuousClock.now - came).inSeconds
            try expectNoHarm(to: service, without: without, requests: 1000, within: rest)
            dribbler.stop()
            #expect(dribbler.rounds > 0)
            crowd = []
            dribbler.leave()
            // What is left are the tables, which have grown for as many connections.
            var kept = 0
            let isBack = try eventually {
                kept = try memory(of: worker) - before
                return kept < 2 << 20
            }
            #expect(isBack, "bytes kept after \(Self.size) have left: \(kept)")
            #expect(service.workers == [worker])
            service.stop()
        }

        @Test("for which there are too few descriptors is told so, under an id that is in the log", .needs(.prlimit))
        func refused() throws {
            let service = try Service(workers: 1, launcher: ["prlimit", "--nofile=40:40"])
            let crowd = try (0..<60).map { _ in try service.connect() }
            let last = try #require(crowd.last)
            let answer = try #require(last.receive().answer)
            #expect(answer.status == 503)
            #expect(answer["Retry-After"] == "1")
            #expect(answer["Date"] != nil)
            let id = try #require(answer["X-Request-ID"])
            #expect(answer.json?["requestId"]?.string == id)
            guard case .closedWithoutAnswer = last.receiveEnd() else {
                Issue.record("the connection does not end behind the answer")
                return
            }
            let event = try service.log.waitForRequest { $0["requestId"]?.string == id }
            #expect(event["status"]?.int == 503)
            #expect(event["client"]?.string == "127.0.0.1")
            service.stop()
        }

        /// Sends one more byte on each of many connections again and again, some ten times a second.
        private final class Dribbler: @unchecked Sendable {
            private var connections: [Connection]
            private let mayGoOn = Atomic<Bool>(true)
            private let finished = Atomic<Int>(0)
            private var crew: Crew?

            var rounds: Int { finished.load(ordering: .relaxed) }

            init(_ connections: [Connection]) {
                self.connections = connections
                crew = Crew(1) { [unowned self] _ in
                    while mayGoOn.load(ordering: .relaxed) {
                        for (index, connection) in self.connections.enumerated() {
                            connection.send([UInt8(ascii: "a")])
                            if index % 100 == 0 { usleep(1_000) }
                        }
                        finished.add(1, ordering: .relaxed)
                    }
                }
            }

            func stop() {
                mayGoOn.store(false, ordering: .relaxed)
                crew = nil
            }

            func leave() { connections = [] }
        }
    }
}
