import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Accepting")
    struct AcceptingTests {
        /// net.core.somaxconn.
        private static let longestBacklog =
            Int((ProcessTree.read("/proc/sys/net/core/somaxconn") ?? "").prefix { $0.isNumber }) ?? 0

        @Test("two thousand connections that come at once wait in the backlog, and each is answered")
        func rush() throws {
            let service = try Service(workers: 2)
            let workers = service.workers
            for worker in workers { kill(worker, SIGSTOP) }
            // Nobody accepts. A connection that did not fit would not be made before its client tries again, a second later.
            let began = ContinuousClock.now
            let count = min(2000, Self.longestBacklog)
            let connections = try (0..<count).map { _ in try service.connect() }
            #expect((ContinuousClock.now - began).inSeconds < 1)
            for connection in connections { #expect(connection.send(Request.get("/livez").bytes)) }
            for worker in workers { kill(worker, SIGCONT) }
            let outcomes = connections.map { $0.receive() }
            #expect(outcomes.filter { $0.status == 200 }.count == count, "\(outcomes.first { $0.status != 200 }!)")
            service.stop()
        }

        @Test(
            "a backlog that the kernel shortens is said",
            .enabled(if: longestBacklog < 65_535, "this kernel shortens none")
        )
        func shortened() throws {
            let service = try Service(workers: 1, environment: ["BACKLOG": "65535"])
            let said = service.log.events.first { $0.message.hasPrefix("the kernel shortens the backlog") }
            #expect(said?.level == "warning")
            #expect((said?["somaxconn"]?.int ?? 0) < 65_535)
            service.stop()
        }

        @Test(
            "a worker whom the kernel does not let watch the listener says so, and tries again",
            .needs(.strace)
        )
        func deaf() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            let listener = try #require(ProcessTree.listeners(of: worker, on: service.port).first)
            let mark = service.log.mark
            // After sixteen connections whichever thread runs the loop takes the listener off the list, and cannot put it back.
            let fault = try SystemCallFault(
                "epoll_ctl:error=ENOMEM:when=2",
                about: listener,
                in: worker,
                withChildren: true
            )
            for _ in 0..<16 { #expect(try service.answer(.get("/livez")).status == 200) }
            let warning = try service.log.wait(for: "listener not watched, trying again", after: mark)
            #expect(warning.worker == worker)
            fault.end()
            for _ in 0..<16 { #expect(try service.answer(.get("/livez")).status == 200) }
            #expect(service.workers == [worker])
            service.stop()
        }

        @Test("MAX_CONNECTIONS is how many a worker holds: others wait until one leaves")
        func limit() throws {
            let service = try Service(workers: 1, environment: ["MAX_CONNECTIONS": "3"])
            var held = try (0..<3).map { _ in try service.connect() }
            for connection in held { #expect(connection.exchange(.get("/livez")).status == 200) }
            let fourth = try service.connect()
            #expect(fourth.send(Request.get("/livez").bytes))
            for connection in held { #expect(connection.exchange(.get("/livez")).status == 200) }
            #expect(fourth.peek() == .open, "it is not answered yet")
            held.removeLast()
            #expect(fourth.receive().status == 200)
            service.stop()
        }
    }
}
