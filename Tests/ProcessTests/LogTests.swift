import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The log")
    struct LogTests {
        @Test("the very first request of a thread is logged with its caller's trace, also when nobody knows its path")
        func firstTrace() throws {
            let trace = "0af7651916cd43dd8448eb211c80319c"
            let service = try Service(workers: 1, environment: ["LOG_LEVEL": "info"])
            let request = Request.get("/nowhere", [("traceparent", "00-\(trace)-b7ad6b7169203331-01")])
            #expect(try service.answer(request).status == 404)
            let event = try service.log.waitForRequest { $0["path"]?.string == "/nowhere" }
            #expect(event["traceId"]?.string == trace)
            service.stop()
        }

        @Test("each request makes one access event, with all an operator asks for")
        func accessEvent() throws {
            let service = try Service(workers: 1)
            let worker = try #require(service.workers.first)
            let body = Note.write("")
            let answer = try service.answer(
                Request(
                    method: "POST",
                    target: "/notes?from=test",
                    fields: body.fields + [("X-Request-ID", "access-event-1")],
                    body: body.body
                )
            )
            #expect(answer.status == 422)
            let event = try service.log.waitForRequest { $0["requestId"]?.string == "access-event-1" }
            #expect(event.level == "info")
            #expect(event["method"]?.string == "POST")
            #expect(event["path"]?.string == "/notes")
            #expect(event["status"]?.int == 422)
            #expect((event["bytesIn"]?.int ?? 0) >= body.body!.count)
            #expect((event["bytesOut"]?.int ?? 0) >= answer.body.count)
            #expect((event["durationMs"]?.number ?? -1) >= 0)
            #expect((event["cpuMs"]?.number ?? -1) >= 0)
            #expect(event.worker == worker)
            #expect(event["client"]?.string?.contains("127.0.0.1") == true)
            #expect(event.time != nil)
            service.stop()
            #expect(service.log.requests.filter { $0["requestId"]?.string == "access-event-1" }.count == 1)
        }

        @Test("probes are silent")
        func silentProbes() throws {
            let service = try Service(workers: 1)
            for _ in 0..<10 {
                #expect(try service.answer(.get("/livez")).status == 200)
                #expect(try service.answer(.get("/readyz")).status == 200)
            }
            #expect(try service.answer(.get("/notes", [("X-Request-ID", "the-loud-one")])).status == 200)
            _ = try service.log.waitForRequest { $0["requestId"]?.string == "the-loud-one" }
            service.stop()
            #expect(service.log.requestCount == 1)
        }

        @Test("a sane X-Request-ID comes back", arguments: ["a", "0b8-_.:/+=@Z", String(repeating: "x", count: 128)])
        func saneRequestID(_ id: String) throws {
            let service = try Service(workers: 1)
            #expect(try service.answer(.get("/notes", [("X-Request-ID", id)]))["X-Request-ID"] == id)
            _ = try service.log.waitForRequest { $0["requestId"]?.string == id }
            service.stop()
        }

        @Test("any other gets a new one, of its own")
        func madeRequestID() throws {
            let service = try Service(workers: 2)
            var ids: [String] = []
            for bad in ["", "with space", "qu\"ote", "ü", String(repeating: "x", count: 129), "<script>"] {
                let answer = try service.answer(.get("/notes", [("X-Request-ID", bad)]))
                ids.append(try #require(answer["X-Request-ID"]))
                #expect(ids.last != bad)
            }
            for _ in 0..<20 { ids.append(try #require(try service.answer(.get("/notes"))["X-Request-ID"])) }
            #expect(Set(ids).count == ids.count, "the ids: \(ids)")
            #expect(ids.allSatisfy { !$0.isEmpty && $0.utf8.count <= 128 })
            service.stop()
        }

        @Test("a line that would be too long is cut, marked, and still one JSON object")
        func longLine() throws {
            let service = try Service(workers: 1)
            for (id, filler) in [("long-plain", "a"), ("long-escapes", "%22"), ("long-wide", "%E2%82%AC")] {
                let target = "/notes/" + String(repeating: filler, count: 7000 / filler.utf8.count)
                let answer = try service.answer(.get(target, [("X-Request-ID", id)]))
                #expect(answer.status == 404)
                // The long field alone is cut: what tells one request from another is there.
                let event = try service.log.waitForRequest { $0["requestId"]?.string == id }
                #expect(event["truncated"]?.bool == true)
                #expect(event.line.utf8.count < EventLog.longestLine)
                #expect(event["status"]?.int == 404)
                #expect(event["path"]?.string?.hasPrefix("/notes/") == true)
            }
            service.stop()
        }

        @Test("what a client sends cannot break a line")
        func injection() throws {
            let service = try Service(workers: 1)
            for target in [
                "/notes/%0A%7B%22message%22%3A%22ready%22%7D", "/notes/%22%2C%22status%22%3A200",
                "/notes/%FF%FE",
            ] {
                _ = try service.answer(.get(target))
            }
            service.stop()
            #expect(service.log.events("ready").count == 1)
        }

        @Test("requests that the engine refuses are in the access log too")
        func refusedRequests() throws {
            let service = try Service(workers: 1)
            let connection = try service.connect()
            connection.send("GET /notes HTTP/1.1\r\nHost: localhost\r\nBad Name: x\r\n\r\n")
            #expect(connection.receive().status == 400)
            _ = try service.log.waitForRequest { $0["status"]?.int == 400 }
            service.stop()
        }

        @Test("every 5xx of a handler has an error event with the request's id")
        func errorEvent() throws {
            let service = try Service(workers: 1, environment: ["REQUEST_TIMEOUT": "1s"])
            // A lock that is held for longer than the request may take.
            let database = try Database(service.databasePath)
            try database.query("BEGIN IMMEDIATE")
            var request = Note.write("one")
            request.fields.append(("X-Request-ID", "locked-out"))
            let answer = try service.answer(request)
            try database.query("ROLLBACK")
            #expect(answer.status == 503)
            #expect(answer["Retry-After"] != nil)
            #expect(answer["Content-Type"] == "application/problem+json")
            #expect(answer.json?["requestId"]?.string == "locked-out")
            let access = try service.log.waitForRequest { $0["requestId"]?.string == "locked-out" }
            #expect(access["status"]?.int == 503)
            let failure = try service.log.wait(for: "request failed") { $0["requestId"]?.string == "locked-out" }
            #expect(failure.level == "error")
            #expect(failure["cause"]?.string?.isEmpty == false, "\(failure.line)")
            #expect(try service.answer(Note.write("one")).status == 201, "and then it goes on")
            service.stop()
        }

        /// Asks until the log's pipe has long been full: it holds some 300 lines.
        private func askFor(_ answers: Int, of service: Service) -> Load.Tally {
            let load = Load(on: service.address, clients: 4, style: .oneShot) { _, _ in .get("/notes") }
            #expect(load.waitForAnswers(answers))
            return load.stop()
        }

        @Test("a log reader that stalls holds up no request, no probe and no roll, and hears later how much it missed")
        func stalledReader() throws {
            let service = try Service(workers: 2)
            let former = service.workers
            service.log.stall()
            let tally = askFor(3000, of: service)
            #expect(tally.failures == [])
            #expect(tally.serverErrors == [:])
            #expect(try service.answer(.get("/readyz")).status == 200)
            service.signal(SIGHUP)
            #expect(eventually { Set(service.workers).isDisjoint(with: former) && service.workers.count == 2 })
            let rolled = service.workers
            service.signal(SIGUSR2)
            #expect(eventually { Set(service.workers).isDisjoint(with: rolled) && service.workers.count == 2 })
            let mark = service.log.mark
            service.log.goOn()
            try service.log.wait(for: "roll finished", count: 2, after: mark)
            service.stop()
            // All that the supervisor had to say is there, also what the first program said and the second one wrote.
            #expect(service.log.events("roll finished").count == 2)
            #expect(service.log.events("upgrade taken over").count == 1)
            let missed = service.log.events("log lines dropped").compactMap { $0["count"]?.int }.reduce(0, +)
            #expect(missed > 0)
            // Not one is unaccounted for: probes are silent, and each other request has been logged or counted.
            #expect(service.log.requestCount + missed == tally.total)
        }

        @Test("a log reader that stalls for good holds up no stop", arguments: [SIGTERM, SIGQUIT])
        func stopWithStalledReader(_ signal: Int32) throws {
            let service = try Service(workers: 2, environment: ["SHUTDOWN_TIMEOUT": "5s"])
            service.log.stall()
            #expect(askFor(2000, of: service).failures == [])
            let began = ContinuousClock.now
            service.signal(signal)
            #expect(service.waitForExit() == .code(0))
            let time = (ContinuousClock.now - began).inSeconds
            #expect(time < 4, "stopped after \(time) s")
            #expect(service.survivors == [])
            service.log.goOn()
            #expect(service.log.waitForEnd())
        }

        @Test("LOG_LEVEL=error leaves only errors")
        func level() throws {
            let directory = try TemporaryDirectory()
            let environment = Service.environment(in: directory, ["LOG_LEVEL": "error", "WEB_CONCURRENCY": "1"])
            try Service.prepare(.fixture, environment)
            // `ready` is not among them: nothing tells when it serves, so it just gets the time to, and a TERM.
            let finished = try Finished.running(
                ["timeout", "1"] + Binary.fixture.command("serve"),
                environment: environment
            )
            #expect(finished.exit == .code(124), "it served until it was stopped")
            #expect(finished.output == "")
            #expect(finished.errors == "")
        }

        @Test("a booting, rolling and stopping service tells its life in the promised words")
        func life() throws {
            let service = try Service(workers: 2)
            let mark = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: mark)
            service.stop()
            for message in [
                "worker started", "worker ready", "ready", "roll started", "roll finished", "worker exited", "stopping",
                "stopped",
            ] {
                #expect(
                    !service.log.events(message).isEmpty,
                    "no \"\(message)\" in \(service.log.events.map(\.message))"
                )
            }
            #expect(service.log.events.last?.message == "stopped")
            #expect(service.log.events("ready").count == 1)
            let exited = service.log.events("worker exited")
            #expect(exited.count == 4)
            #expect(exited.allSatisfy { $0.worker != nil && $0["how"]?.string != nil })
            let times = service.log.events.compactMap(\.time)
            #expect(times.allSatisfy { abs($0 - wallClock()) < 120 })
        }
    }
}
