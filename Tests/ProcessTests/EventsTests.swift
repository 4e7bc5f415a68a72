import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The events of a service, for who watches")
    struct EventsTests {
        @Test("are what a chart has so far, and what is now, each second")
        func status() throws {
            let ops = try OpsService()
            let stream = try ops.watch()
            #expect(try stream.event("history").data["seconds"]?.int == 300)
            let load = Load(on: ops.service.address, clients: 1, style: .keepAlive) { _, _ in .get("/sleep/2") }
            #expect(load.waitForAnswers(20))
            var times: [Double] = []
            var rate = 0.0
            for _ in 0..<4 {
                let status = try stream.event("status").data
                #expect(status["service"]?["name"]?.string == "fixture")
                #expect(status["status"]?["supervisor"]?.int == Int(ops.service.supervisor))
                #expect(status["status"]?["workers"]?.array?.count == 2)
                times.append(try #require(status["point"]?["t"]?.number))
                rate = status["point"]?["rate"]?.number ?? 0
                #expect(status["point"]?["cpu"]?.number != nil && (status["point"]?["memory"]?.number ?? 0) > 1e6)
            }
            #expect(rate > 1)
            #expect(zip(times, times.dropFirst()).allSatisfy { $1 > $0 })
            _ = load.stop()
            // Whoever comes later has what those saw.
            let later = try ops.watch()
            let points = try later.event("history").data["points"]?.array?.compactMap { $0["t"]?.number } ?? []
            #expect(Set(points).isSuperset(of: times))
            ops.service.stop()
        }

        @Test("have a death with its black box, and go on from where somebody was")
        func notices() throws {
            let ops = try OpsService(workers: 1)
            let stream = try ops.watch()
            var first = try stream.event("notice")
            while first.data["message"]?.string != "ready" { first = try stream.event("notice") }
            let client = try ops.service.connect()
            client.send(Request.get("/sleep/20000?secret", [("X-Request-ID", "last-one")]).bytes)
            let isServed = eventually {
                (try? ops.answer(.get("/workers")).text.contains("GET /sleep/20000")) ?? false
            }
            #expect(isServed)
            kill(try #require(ops.service.workers.first), SIGKILL)
            var death = try stream.event("notice")
            while death.data["message"]?.string != "worker exited" { death = try stream.event("notice") }
            #expect(
                death.data["request"]?.string == "GET /sleep/20000" && death.data["requestId"]?.string == "last-one"
            )
            #expect(death.data["how"]?.string?.contains("SIGKILL") == true)
            let id = try #require(death.id)
            let goingOn = try ops.watch([("Last-Event-ID", id)])
            let next = try goingOn.event("notice")
            #expect(next.data["message"]?.string == "worker started")
            // What another service said is no place to go on from.
            let anew = try ops.watch([("Last-Event-ID", "7-100000")])
            #expect(try anew.event("notice").id?.hasSuffix("-1") == true)
            ops.service.stop()
        }

        @Test("are kept in an upgrade, whatever the log's level, and the stream is there again")
        func upgrade() throws {
            let ops = try OpsService(workers: 1)
            let before = try ops.watch().event("notice")
            let mark = ops.service.log.mark
            ops.service.signal(SIGUSR2)
            try ops.service.log.wait(for: "roll finished", after: mark)
            // The former ops process lets nobody watch any more, and accepts until it has gone.
            try ops.service.log.wait(for: "companion exited", after: mark)
            let found = try eventually {
                let stream = try ops.watch()
                guard try stream.event("notice").id == before.id else { return false }
                return (try? stream.event("status")) != nil
            }
            #expect(found)
            let stream = try ops.watch()
            var messages: [String] = []
            while messages.last != "roll finished" {
                messages.append(try stream.event("notice").data["message"]?.string ?? "")
            }
            #expect(messages.contains { $0.contains("upgrade") || $0.contains("took over") }, "\(messages)")
            ops.service.stop()
        }

        @Test("have room for eight who watch; one more is told why not, and who leaves makes room")
        func room() throws {
            let ops = try OpsService(workers: 1)
            var watchers = try (0..<8).map { _ in try ops.watch() }
            for watcher in watchers { _ = try watcher.event("status") }
            let refused = try ops.answer(.get("/events"))
            #expect(refused.status == 503 && refused.text.contains("8 watch already"), "\(refused.text)")
            #expect(try ops.answer(.get("/metrics")).status == 200)
            watchers.removeAll()
            #expect(eventually { (try? ops.watch()) != nil })
            // And that one, too, leaves a place only when the ops process has noticed.
            #expect(try eventually { try ops.answer(Request(method: "HEAD", target: "/events")).status == 200 })
            ops.service.stop()
        }

        @Test("end at once when the service stops, also for one who does not read")
        func stop() throws {
            let ops = try OpsService(workers: 1)
            let stream = try ops.watch(version: "1.1")
            let idle = try ops.watch()
            #expect(stream.receive(through: "event: status") != nil)
            _ = try idle.event("status")
            let begin = ContinuousClock.now
            ops.service.stop()
            #expect((ContinuousClock.now - begin).inSeconds < 5)
            #expect(stream.receive(through: "0\r\n\r\n") != nil, "a stream ends whole")
        }

        @Test("do not hold up others for who does not read, and end for that one")
        func slow() throws {
            let ops = try OpsService(workers: 8)
            // Much to tell of, so that what the kernel keeps for who does not read is full soon.
            let id = String(repeating: "i", count: 128)
            let sleepers = try (0..<100).map { _ in
                let sleeper = try ops.service.connect()
                sleeper.send(Request.get("/sleep/14000", [("X-Request-ID", id)]).bytes)
                return sleeper
            }
            let stalled = try ops.watch(receiveBuffer: 4096)
            let brisk = try ops.watch()
            let others = try (0..<6).map { _ in try ops.watch() }
            #expect(try ops.answer(.get("/events")).status == 503)
            let end = Deadline.generous
            var last = 0.0
            var isEnded = false
            while !isEnded, !end.isOver {
                let time = try #require(try brisk.event("status").data["point"]?["t"]?.number)
                #expect(last == 0 || time - last < 3000, "who reads waited")
                last = time
                isEnded = (try? ops.watch()) != nil
                for other in others { _ = try other.event("status") }
            }
            #expect(isEnded, "who does not read has its place still")
            withExtendedLifetime((stalled, sleepers)) {}
            ops.service.signal(SIGQUIT)
            #expect(ops.service.waitForExit() != nil)
        }
    }
}
