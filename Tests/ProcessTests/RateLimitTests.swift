import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Rate limits over all workers", .serialized)
    struct RateLimitTests {
        /// Asks on many connections, each again and again, all from the same moment on.
        private func storm(
            _ service: Service,
            connections: Int,
            requests: Int,
            _ fields: [(String, String)] = []
        ) -> [Int: Int] {
            let start = Barrier(connections)
            let (address, request) = (service.address, Request.get("/notes/none", fields))
            let statuses = Crew.run(connections) { _ -> [Int] in
                let connection = try? Connection(to: address)
                start.wait()
                return (0..<requests).map { _ in connection?.exchange(request).answer?.status ?? 0 }
            }
            return Dictionary(statuses.joined().map { ($0, 1) }) { $0 + $1 }
        }

        @Test("four workers together admit the limit to the last one, and never one more")
        func exact() throws {
            let service = try Service(workers: 4, environment: ["RATE_LIMIT_ADDRESS": "700/h"])
            let statuses = storm(service, connections: 24, requests: 100)
            #expect(statuses == [404: 700, 429: 1700])
            let served = Set(service.log.requests.compactMap(\.worker))
            #expect(served.count > 1, "more than one worker took part")
            for path in ["/livez", "/readyz"] {
                #expect(try service.answer(.get(path)).status == 200, "probes are exempt")
            }
            service.stop()
        }

        @Test("in some seconds many workers admit at most the limit times one and the time in windows")
        func span() throws {
            let service = try Service(workers: 4, environment: ["RATE_LIMIT_ADDRESS": "200/s"])
            let began = ContinuousClock.now
            let statuses = storm(service, connections: 16, requests: 300)
            let seconds = (ContinuousClock.now - began).inSeconds
            let admitted = statuses[404] ?? 0
            // One more for each thread that decides at the very end of a window.
            let windows = Double(Int(seconds) + 1)
            #expect(Double(admitted) <= 200 * (1 + seconds) + 4 * windows, "\(admitted) in \(seconds) s")
            #expect(statuses[429] ?? 0 > 0)
            service.stop()
        }

        @Test("what was counted outlives the death of all workers, a roll and an upgrade")
        func outlives() throws {
            let service = try Service(workers: 2, environment: ["RATE_LIMIT_ADDRESS": "50/h"])
            #expect(storm(service, connections: 4, requests: 25) == [404: 50, 429: 50])
            for worker in service.workers {
                let mark = service.log.mark
                kill(worker, SIGKILL)
                try service.log.wait(for: "worker started", after: mark)
            }
            #expect(eventually { (try? service.answer(.get("/notes/none")).status) == 429 })
            var mark = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: mark)
            #expect(storm(service, connections: 4, requests: 5) == [429: 20])
            mark = service.log.mark
            service.signal(SIGUSR2)
            try service.log.wait(for: "upgrade taken over", after: mark)
            try service.log.wait(for: "roll finished", after: mark)
            #expect(storm(service, connections: 4, requests: 5) == [429: 20])
            service.stop()
        }

        @Test("behind a trusted proxy each client has a limit of its own, and nobody gets another by what it sends")
        func forwarded() throws {
            let service = try Service(environment: [
                "RATE_LIMIT_ADDRESS": "3/h", "TRUSTED_PROXIES": "127.0.0.1", "PROXY_HEADERS": "forwarded",
            ])
            func ask(_ field: String) throws -> Int {
                try service.answer(.get("/notes/none", [("Forwarded", field)])).status
            }
            for number in 0..<3 { #expect(try ask("for=6.6.6.\(number), for=198.51.100.7") == 404) }
            #expect(try ask("for=198.51.100.7") == 429)
            #expect(try ask("for=6.6.6.9, for=\"198.51.100.7:4711\"") == 429)
            #expect(try ask("for=198.51.100.8") == 404)
            for number in 1...3 { #expect(try ask("for=\"[2001:db8::\(number)]\"") == 404) }
            #expect(try ask("for=\"[2001:db8::ffff]\"") == 429, "the same /64")
            #expect(try ask("for=\"[2001:db8:0:1::1]\"") == 404)
            service.stop()
            let clients = Set(service.log.requests.compactMap { $0["client"]?.string })
            #expect(clients.contains("198.51.100.7") && !clients.contains { $0.hasPrefix("6.") })
        }
    }
}
