import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Nothing is lost")
    struct ZeroLossTests {
        private func roll(_ service: Service) throws {
            let old = Set(service.workers)
            let mark = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: mark)
            #expect(eventually { Set(service.workers).isDisjoint(with: old) })
        }

        @Test("twenty rolls under load: exactly no request fails")
        func rolls() throws {
            let service = try Service(workers: 3)
            let loads = Load.mixed(on: service.address)
            #expect(loads.waitForAnswers(50))
            for _ in 0..<20 { try roll(service) }
            loads.expectNoLoss("rolls", times: 20)
            service.stop()
        }

        @Test(
            "rolls behind a balancer that keeps connections alive: exactly no request fails",
            .needs(.nginx, .haproxy),
            arguments: Balancer.Kind.allCases
        )
        func rollsBehindBalancer(_ kind: Balancer.Kind) throws {
            let service = try Service(workers: 3)
            let balancer = try Balancer(kind, before: service.port)
            let loads = Load.mixed(on: .port(balancer.port))
            #expect(loads.waitForAnswers(50))
            for _ in 0..<5 { try roll(service) }
            loads.expectNoLoss("rolls behind \(kind)", times: 5)
            service.stop()
        }

        @Test("resizing up and down under load: exactly no request fails")
        func resizes() throws {
            let service = try Service(workers: 2)
            let loads = Load.mixed(on: service.address)
            for _ in 0..<5 {
                #expect(loads.waitForAnswers(20))
                service.signal(SIGTTIN)
                #expect(service.hasWorkers(3))
                #expect(loads.waitForAnswers(20))
                service.signal(SIGTTOU)
                #expect(service.hasWorkers(2))
            }
            loads.expectNoLoss("resizes", times: 10)
            service.stop()
        }

        @Test("TERM with a full backlog: all that the kernel has accepted are answered")
        func backlog() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            kill(worker, SIGSTOP)
            // Nobody accepts now: these wait in the queue of the listener, their requests sent.
            let waiting = try (0..<200).map { _ in try service.connect() }
            for connection in waiting { #expect(connection.send(Request.get("/notes").bytes)) }
            let mark = service.log.mark
            service.signal(SIGTERM)
            try service.log.wait(for: "stopping", after: mark)
            kill(worker, SIGCONT)
            let outcomes = waiting.map { $0.receive() }
            #expect(outcomes.filter { $0.status == 200 }.count == 200, "\(outcomes.filter { $0.status != 200 })")
            service.expectCleanExit()
        }

        @Test("connections made while it stops are refused or answered, never reset, over IPv4 and IPv6")
        func arrivals() throws {
            for _ in 0..<5 {
                let service = try Service(workers: 2, environment: ["HOST": "::"])
                let loads = [Address.port(service.port), .ipv6Port(service.port)].flatMap { address in
                    [Load.Style.oneShot, .keepAlive].map { style in
                        Load(on: address, clients: 8, style: style, leavesWhenRefused: true) { _, _ in .get("/notes")
                        }
                    }
                }
                #expect(loads.waitForAnswers(50))
                service.signal(SIGTERM)
                service.expectCleanExit()
                for load in loads {
                    #expect(load.waitUntilAllLeft())
                    let tally = load.stop()
                    #expect(tally.failures == [])
                    #expect(tally.refused == 8, "each client leaves when it is refused, and not before")
                }
            }
        }

        @Test("a request half sent at TERM is answered when its rest comes")
        func halfSent() throws {
            let service = try Service(workers: 2)
            let whole = Note.write("half-sent").bytes
            let cuts = [5, 40, whole.count - 50, whole.count - 1]
            let connections = try cuts.map { cut in
                let connection = try service.connect()
                connection.send(whole[..<cut])
                return connection
            }
            // They are accepted in order of arrival, so an answer to a later one says that these are.
            for _ in 0..<4 { #expect(try service.answer(.get("/livez")).status == 200) }
            let mark = service.log.mark
            service.signal(SIGTERM)
            try service.log.wait(for: "stopping", after: mark)
            for (connection, cut) in zip(connections, cuts) { connection.send(whole[cut...]) }
            let outcomes = connections.map { $0.receive() }
            #expect(outcomes.filter { $0.status == 201 }.count == 1, "\(outcomes)")
            #expect(outcomes.filter { $0.status == 409 }.count == 3, "\(outcomes)")
            // "stopping" is the supervisor's word. A worker that has not heard it yet answers as ever, and then says so.
            for (connection, first) in zip(connections, outcomes) {
                var outcome = first
                while outcome.answer?.closesConnection == false { outcome = connection.exchange(.get("/livez")) }
                #expect(outcome.answer?.closesConnection == true || outcome.neverSent, "\(outcome)")
            }
            service.expectCleanExit()
        }

        @Test("a request whose rest never comes does not hold the stop beyond SHUTDOWN_TIMEOUT")
        func neverWhole() throws {
            let service = try Service(workers: 2, environment: ["SHUTDOWN_TIMEOUT": "2s"])
            let connection = try service.connect()
            connection.send("POST /notes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
            #expect(try service.answer(.get("/livez")).status == 200)
            let started = ContinuousClock.now
            service.signal(SIGTERM)
            let exit = service.waitForExit()
            #expect(exit == .code(0) || exit == .code(75), "\(String(describing: exit))")
            #expect(ContinuousClock.now - started < .seconds(6))
            #expect(service.survivors == [])
            #expect(service.log.waitForEnd())
        }

        @Test("an idle keep-alive connection at TERM: a request sent then is answered, the others end cleanly")
        func idleKeepAlive() throws {
            let service = try Service(workers: 2)
            let connections = try (0..<20).map { _ in try service.connect() }
            for connection in connections { #expect(connection.exchange(.get("/livez")).status == 200) }
            // However long ago their last requests were, those that are sent before a worker has heard of the stop count.
            usleep(400_000)
            let workers = service.workers
            for worker in workers { kill(worker, SIGSTOP) }
            let mark = service.log.mark
            service.signal(SIGTERM)
            try service.log.wait(for: "stopping", after: mark)
            for connection in connections[..<10] { connection.send(Request.get("/notes").bytes) }
            for worker in workers { kill(worker, SIGCONT) }
            for connection in connections[..<10] {
                let outcome = connection.receive()
                #expect(outcome.status == 200, "\(outcome)")
            }
            for connection in connections[10...] {
                switch connection.receiveEnd() {
                case .closedWithoutAnswer: break
                case let other: Issue.record("not a clean end: \(other)")
                }
            }
            service.expectCleanExit()
        }

        @Test("a worker that is replaced leaves its idle connections to its successor, and nobody waits for it")
        func passesConnectionsOn() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            let connections = try (0..<20).map { _ in try service.connect() }
            for connection in connections { #expect(connection.exchange(.get("/livez")).status == 200) }
            let mark = service.log.mark
            let started = ContinuousClock.now
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: mark)
            // Less than what a client would have to be silent for, were it to be told of the end.
            #expect((ContinuousClock.now - started).inSeconds < 2)
            #expect(ProcessTree.status(of: worker) == nil)
            for connection in connections {
                let answer = connection.exchange(.get("/livez")).answer
                #expect(answer?.status == 200)
                #expect(answer?.closesConnection == false)
            }
            service.stop()
        }
    }
}
