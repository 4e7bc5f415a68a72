import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Stopping")
    struct StopTests {
        @Test(
            "TERM under load: every request that was sent is answered, exit 0, no process left",
            arguments: [Load.Style.keepAlive, .oneShot]
        )
        func termUnderLoad(_ style: Load.Style) throws {
            let service = try Service(workers: 3)
            let load = Load(on: service.address, clients: 16, style: style, leavesWhenRefused: true) { client, turn in
                switch turn % 4 {
                case 0: Note.write("\(client)-\(turn)")
                case 1: .get("/notes/\(client)")
                case 2: .get("/notes")
                default: .get("/livez")
                }
            }
            #expect(load.waitForAnswers(200))
            service.signal(SIGTERM)
            service.expectCleanExit()
            #expect(load.waitUntilAllLeft())
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(tally.serverErrors == [:])
        }

        @Test("a second and a third TERM change nothing")
        func termAgain() throws {
            let service = try Service()
            let load = Load(on: service.address, clients: 8, style: .keepAlive, leavesWhenRefused: true) { _, _ in
                .get("/notes")
            }
            #expect(load.waitForAnswers(50))
            service.signal(SIGTERM)
            try service.log.wait(for: "stopping")
            service.signal(SIGTERM)
            service.signal(SIGTERM)
            service.expectCleanExit()
            #expect(load.waitUntilAllLeft())
            #expect(load.stop().failures == [])
            #expect(service.log.events("stopping").count == 1)
            #expect(service.log.events("stopped").count == 1)
        }

        @Test("TERM to the supervisor and all workers at once, as some platforms send it, is one graceful stop")
        func termToAll() throws {
            let service = try Service(workers: 3)
            let load = Load(on: service.address, clients: 12, style: .keepAlive, leavesWhenRefused: true) { _, _ in
                .get("/notes")
            }
            #expect(load.waitForAnswers(100))
            for process in [service.supervisor] + service.workers { kill(process, SIGTERM) }
            service.expectCleanExit()
            #expect(load.waitUntilAllLeft())
            let tally = load.stop()
            #expect(tally.failures == [])
            #expect(tally.serverErrors == [:])
        }

        @Test("INT is as graceful as TERM")
        func int() throws {
            let service = try Service()
            let load = Load(on: service.address, clients: 8, style: .keepAlive, leavesWhenRefused: true) { _, _ in
                .get("/notes")
            }
            #expect(load.waitForAnswers(50))
            service.signal(SIGINT)
            service.expectCleanExit()
            #expect(load.waitUntilAllLeft())
            #expect(load.stop().failures == [])
        }

        @Test("QUIT stops at once, whoever is connected")
        func quit() throws {
            let service = try Service(workers: 3)
            // A request that will never be whole would hold a graceful stop for its grace.
            let half = try service.connect()
            half.send("POST /notes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf")
            let idle = try service.connect()
            #expect(idle.exchange(.get("/livez")).status == 200)
            let started = ContinuousClock.now
            service.signal(SIGQUIT)
            let exit = service.waitForExit()
            #expect(ContinuousClock.now - started < .seconds(2), "at once, and not after a drain")
            #expect(exit == .code(0) || exit == .code(75), "\(String(describing: exit))")
            #expect(service.survivors == [])
            #expect(service.log.waitForEnd())
        }

        @Test("an idle service stops in well under a second, open keep-alive connections or not")
        func idleStop() throws {
            let times = try (0..<3).map { _ in
                let service = try Service(workers: 3)
                let idle = try (0..<8).map { _ in try service.connect() }
                for connection in idle { #expect(connection.exchange(.get("/livez")).status == 200) }
                let started = ContinuousClock.now
                service.stop()
                return (ContinuousClock.now - started).inSeconds
            }
            #expect(times.median < 1, "seconds: \(times)")
        }

        @Test("connections that have been silent for a while cost a stop next to nothing, though their clients stay")
        func silentConnections() throws {
            // Who waited for silence would wait for 0.3 s each time; a machine that is busy is not all the time.
            var times: [Double] = []
            while times.min() ?? 1 >= 0.25, times.count < 10 {
                let service = try Service(workers: 3)
                let idle = try (0..<8).map { _ in try service.connect() }
                for connection in idle { #expect(connection.exchange(.get("/livez")).status == 200) }
                usleep(400_000)
                let started = ContinuousClock.now
                service.stop()
                times.append((ContinuousClock.now - started).inSeconds)
            }
            #expect(times.min() ?? 1 < 0.25, "seconds: \(times)")
        }

        @Test("SIGKILL of the supervisor: no worker is left within a second, and the port is free")
        func killSupervisor() throws {
            let times = try (0..<3).map { _ in
                let service = try Service(workers: 3)
                let idle = try service.connect()
                #expect(idle.exchange(.get("/livez")).status == 200)
                let workers = service.workers.compactMap { ProcessIdentity(pid: $0) }
                #expect(workers.count == 3)
                let started = ContinuousClock.now
                service.signal(SIGKILL)
                #expect(eventually { !workers.contains(where: \.isAlive) }, "orphans")
                let time = (ContinuousClock.now - started).inSeconds
                #expect(service.waitForExit() == .signal(SIGKILL))
                #expect(service.log.waitForEnd())

                let next = try Service(environment: ["PORT": "\(service.port)"], in: service.directory)
                #expect(next.port == service.port)
                next.stop()
                return time
            }
            #expect(times.median < 1, "seconds: \(times)")
        }

        @Test("SIGKILL of the supervisor under load: the workers answer what was sent before they leave")
        func killSupervisorUnderLoad() throws {
            let service = try Service(workers: 3)
            let load = Load(on: service.address, clients: 8, style: .keepAlive, leavesWhenRefused: true) { _, _ in
                .get("/notes")
            }
            #expect(load.waitForAnswers(100))
            service.signal(SIGKILL)
            #expect(load.waitUntilAllLeft())
            #expect(load.stop().failures == [])
            #expect(eventually { service.survivors == [] })
            #expect(service.waitForExit() == .signal(SIGKILL))
        }
    }
}
