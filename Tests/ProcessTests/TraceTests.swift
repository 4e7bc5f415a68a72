import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("Traces", .needs(.opentelemetry))
    struct TraceTests {
        private static let traceID = "0af7651916cd43dd8448eb211c80319c"
        private static let parentID = "b7ad6b7169203331"

        private static func trace(sampled: Bool) -> [(String, String)] {
            [("traceparent", "00-\(traceID)-\(parentID)-\(sampled ? "01" : "00")"), ("tracestate", "a=1,b=2")]
        }

        /// Everything is recorded and goes to a collector, at once.
        private static func environment(_ collector: TraceCollector, _ given: [String: String] = [:]) -> [String:
            String]
        {
            [
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50", "LOG_LEVEL": "info",
            ].merging(given) { $1 }
        }

        @Test(
            "have a span for a request, for its parts and for what it asks the store, and OpenTelemetry's own messages decode them"
        )
        func request() throws {
            let collector = try TraceCollector()
            let service = try Service(
                environment: Self.environment(
                    collector,
                    [
                        "OTEL_SERVICE_NAME": "hotel", "OTEL_RESOURCE_ATTRIBUTES": "a.b=c%20d,service.name=other",
                        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20secret",
                    ]
                )
            )
            #expect(try service.answer(.get("/parts?secret=1", Self.trace(sampled: true))).status == 204)
            let server = try collector.wait { $0.name == "GET /parts" }
            #expect(server.kind == TraceCollector.server)
            #expect(server.trace == Self.traceID && server.parent == Self.parentID && server.state == "a=1,b=2")
            #expect(server["url.path"] == "/parts" && server["http.route"] == "/parts")
            #expect(server["http.request.method"] == "GET" && server["http.response.status_code"] == "204")
            #expect(server["client.address"] == "127.0.0.1" && !server.hasFailed)
            #expect(server.service == "hotel" && server.resource["a.b"]?.string == "c d")
            #expect(server.resource["service.version"]?.string == "0")
            #expect(server.authorization == "Bearer secret")
            let part = try collector.wait { $0.name == "a part" }
            #expect(part.parent == server.id && part.kind == TraceCollector.internalKind && part["fixture.part"] == "1")
            let read = try collector.wait { $0.name == "SELECT note" && $0.trace == Self.traceID }
            #expect(read.parent == part.id && read.kind == TraceCollector.client)
            #expect(read["db.system.name"] == "sqlite" && read["db.operation.name"] == "SELECT")
            #expect(read["db.collection.name"] == "note")
            #expect(
                server.start <= part.start && part.start <= read.start && read.end <= part.end && part.end <= server.end
            )
            // Of a trace that begins here, a write with the transaction around it, and what fails.
            #expect(try service.answer(.post("/notes", json: #"{"name":"a"}"#)).status == 201)
            #expect(try service.answer(.post("/notes", json: #"{"name":"a"}"#)).status == 409)
            let made = try collector.wait { $0.name == "POST /notes" && $0["http.response.status_code"] == "201" }
            #expect(made.parent == "" && made.trace.count == 32 && made.trace != Self.traceID)
            for name in ["BEGIN", "INSERT note", "COMMIT"] {
                #expect(try collector.wait { $0.name == name && $0.trace == made.trace }.parent == made.id)
            }
            #expect(try service.answer(.get("/call")).status == 502)
            let failed = try collector.wait { $0.name == "GET /call" }
            #expect(failed.hasFailed && failed["error.type"] == "HTTPClientError")
            let call = try collector.wait { $0.name == "GET" && $0.parent == failed.id }
            #expect(call.hasFailed && call["error.type"] == "cannot_connect" && call.kind == TraceCollector.client)
            #expect(call["server.address"] == "127.0.0.1" && call["server.port"] == "9")
            // What is no part of the service is in no trace.
            #expect(try service.answer(.get("/livez", Self.trace(sampled: true))).status == 200)
            #expect(try service.answer(.get("/nowhere", Self.trace(sampled: true))).status == 404)
            let unknown = try collector.wait { $0.name == "GET" && $0["http.response.status_code"] == "404" }
            #expect(unknown["url.path"] == "/nowhere")
            service.stop()
            #expect(try collector.spans().allSatisfy { !($0["url.path"] ?? "").contains("livez") })
            #expect(try collector.faults() == [])
            #expect(!service.log.events.contains { $0.line.contains("Bearer") })
        }

        @Test("lead from one service to the next: what is called has the call as its parent")
        func twoServices() throws {
            let collector = try TraceCollector()
            let called = try Service(
                environment: Self.environment(collector, ["OTEL_SERVICE_NAME": "called"])
            )
            let caller = try Service(
                environment: Self.environment(
                    collector,
                    ["OTEL_SERVICE_NAME": "caller", "BASE_URL": "http://127.0.0.1:\(called.port)/bytes/1?x="]
                )
            )
            #expect(try caller.answer(.get("/call", Self.trace(sampled: true))).status == 200)
            let asked = try collector.wait { $0.service == "called" && $0.name == "GET /bytes/{count}" }
            let call = try collector.wait { $0.service == "caller" && $0.name == "GET" }
            let asking = try collector.wait { $0.service == "caller" && $0.name == "GET /call" }
            #expect(asked.parent == call.id && call.parent == asking.id && asking.parent == Self.parentID)
            #expect(Set([asked.trace, call.trace, asking.trace]) == [Self.traceID])
            #expect(Set([asked.state, call.state, asking.state]) == ["a=1,b=2"])
            #expect(call["http.response.status_code"] == "200" && call["http.request.resend_count"] == nil)
            // Of a trace that nobody records there is no span, but its ids go on, and stand in the logs of both.
            let other = "1bf7651916cd43dd8448eb211c80319c"
            let fields = [("traceparent", "00-\(other)-\(Self.parentID)-00")]
            #expect(try caller.answer(.get("/call", fields)).status == 200)
            for service in [caller, called] {
                let event = try service.log.waitForRequest { $0["traceId"]?.string == other }
                #expect(event["spanId"]?.string?.count == 16)
            }
            caller.stop()
            called.stop()
            #expect(try !collector.spans().contains { $0.trace == other })
        }

        @Test("stand in every event that is logged for a request, whoever logs it; so does the request's id")
        func logs() throws {
            let collector = try TraceCollector()
            let service = try Service(workers: 1, environment: Self.environment(collector))
            let fields = Self.trace(sampled: true) + [("X-Request-ID", "id-1")]
            #expect(try service.answer(.get("/parts", fields)).status == 204)
            let part = try collector.wait { $0.name == "a part" }
            for message in ["inside a part", "inside a library"] {
                let event = try service.log.wait(for: message)
                #expect(event["traceId"]?.string == Self.traceID && event["requestId"]?.string == "id-1")
                #expect(event["spanId"]?.string == part.id)
            }
            let server = try collector.wait { $0.name == "GET /parts" }
            let access = try service.log.waitForRequest { $0["requestId"]?.string == "id-1" }
            #expect(access["traceId"]?.string == Self.traceID && access["spanId"]?.string == server.id)
            // The next one on this thread has its own.
            #expect(try service.answer(.get("/log/next", [("X-Request-ID", "id-2")])).status == 204)
            let next = try service.log.wait(for: "told to log")
            #expect(next["requestId"]?.string == "id-2" && next["traceId"]?.string != Self.traceID)
            // A failure is told with the ids of the request that failed.
            #expect(try service.answer(.get("/call", Self.trace(sampled: true))).status == 502)
            #expect(try service.log.wait(for: "request failed")["traceId"]?.string == Self.traceID)
            service.stop()
        }

        @Test("without a collector there are none, and no process for them; the ids of a caller stand in the logs")
        func off() throws {
            let service = try Service(workers: 1, environment: ["LOG_LEVEL": "info"])
            #expect(try service.answer(.get("/parts", Self.trace(sampled: true))).status == 204)
            #expect(try service.log.wait(for: "inside a library")["traceId"]?.string == Self.traceID)
            #expect(try service.answer(.get("/log/b")).status == 204)
            #expect(try service.log.wait(for: "told to log")["traceId"] == nil)
            #expect(ProcessTree.children(of: service.supervisor).count == 1)
            service.stop()
        }

        @Test("are recorded as the sampler says, and a request of which none is has no id of a trace")
        func sampler() throws {
            let collector = try TraceCollector()
            let service = try Service(
                workers: 1,
                environment: Self.environment(collector, ["OTEL_TRACES_SAMPLER_ARG": "0"])
            )
            for _ in 0..<50 { #expect(try service.answer(.get("/log/a")).status == 204) }
            #expect(try service.answer(.get("/bytes/1", Self.trace(sampled: true))).status == 200)
            _ = try collector.wait { $0.name == "GET /bytes/{count}" }
            #expect(try collector.spans().count == 1)
            #expect(service.log.events("told to log").allSatisfy { $0["traceId"] == nil && $0["requestId"] != nil })
            service.stop()
        }

        @Test("have a bound for the statements of one request, and say how many are left out")
        func bound() throws {
            let collector = try TraceCollector()
            let service = try Service(workers: 1, environment: Self.environment(collector))
            #expect(try service.answer(.get("/reads/200")).status == 204)
            let server = try collector.wait { $0.name == "GET /reads/{count}" }
            #expect(server["panal.spans.left_out"] == "136")
            service.stop()
            #expect(try collector.spans().count { $0.parent == server.id } == 64)
        }

        @Test(
            "that are there when the service is stopped are sent before it ends, without an ops process and with one",
            arguments: [false, true]
        )
        func stop(hasOps: Bool) throws {
            var sent = 0
            for _ in 0..<3 where sent < 20 {
                let outcome = try stopWithTwentySpans(hasOps: hasOps)
                #expect(outcome.sent + outcome.lost >= 20, "\(outcome)")
                sent = outcome.sent
            }
            #expect(sent == 20)
        }

        private func stopWithTwentySpans(hasOps: Bool) throws -> (sent: Int, lost: Int) {
            let collector = try TraceCollector()
            var given = ["OTEL_BSP_SCHEDULE_DELAY": "60000"]
            if hasOps { given["OPS_PORT"] = "0" }
            let service = try Service(environment: Self.environment(collector, given))
            for _ in 0..<20 { #expect(try service.answer(.get("/bytes/1")).status == 200) }
            #expect(try collector.spans().isEmpty)
            service.stop()
            // There are 300 ms for it, which a busy machine may take: what is lost then is said.
            return (try collector.spans().count, lostSpans(of: service))
        }

        private func lostSpans(of service: Service) -> Int {
            service.log.events("spans lost at the stop: the collector did not take them")
                .compactMap { $0["spans"]?.int }.reduce(0, +)
        }

        @Test("of all requests arrive while workers are rolled and upgraded, and a killed worker spoils none")
        func lives() throws {
            let collector = try TraceCollector()
            let service = try Service(environment: Self.environment(collector))
            let load = Load(on: service.address, clients: 2, style: .keepAlive) { _, turn in
                usleep(5_000)
                return .get("/bytes/\(turn % 10)")
            }
            #expect(load.waitForAnswers(20))
            for order in [SIGHUP, SIGUSR2] {
                let mark = service.log.mark
                service.signal(order)
                try service.log.wait(for: "roll finished", after: mark)
                #expect(load.waitForAnswers(20))
            }
            let tally = load.stop()
            #expect(tally.failures == [])
            // The former program has 300 ms for what it holds, and says what it could not send.
            #expect(try eventually { try collector.spans().count + lostSpans(of: service) >= tally.total })
            #expect(try collector.spans().count <= tally.total)
            // Killed at any moment, under load.
            let crowd = Load(on: service.address, clients: 4, style: .keepAlive) { _, _ in .get("/parts") }
            for _ in 0..<5 {
                #expect(crowd.waitForAnswers(50))
                let mark = service.log.mark
                if let worker = service.workers.first { kill(worker, SIGKILL) }
                try service.log.wait(for: "worker ready", after: mark)
            }
            _ = crowd.stop()
            // Right behind a crowd there may be no room for it; a ring that a killed worker spoilt would never have any.
            let isThere = try eventually {
                #expect(try service.answer(.get("/bytes/77")).status == 200)
                return try collector.spans().contains { $0["url.path"] == "/bytes/77" }
            }
            #expect(isThere)
            service.signal(SIGTERM)
            #expect(service.waitForExit() == .code(0))
            #expect(try collector.faults() == [])
        }

        @Test(
            "that the collector does not take harm no request and no answer of the ops process, and are counted; the log says so once, and once that it is over",
            arguments: [TraceCollector.Mode.away, .limited, .broken, .silent]
        )
        func trouble(mode: TraceCollector.Mode) throws {
            let collector = try TraceCollector()
            try collector.set(mode)
            let service = try Service(
                environment: Self.environment(
                    collector,
                    ["OPS_PORT": "0", "OTEL_BSP_MAX_QUEUE_SIZE": "40", "HTTP_CLIENT_FIRST_BYTE_TIMEOUT": "1s"]
                )
            )
            let ops = try #require(
                try service.log.wait(for: "ops listening")["port"]?.int.flatMap { UInt16(exactly: $0) }
            )
            func metric(_ name: String) throws -> Int {
                guard case .answered(let answer) = try Connection(to: ops).exchange(.get("/metrics")) else { return -1 }
                return answer.text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
                    .flatMap { $0.split(separator: " ").last.flatMap { Int($0) } } ?? 0
            }
            var sent = 0
            func ask() throws {
                for _ in 0..<50 { #expect(try service.answer(.get("/bytes/1")).status == 200) }
                sent += 50
            }
            let dropped = "panal_trace_spans_dropped_total"
            let isDropping = try eventually {
                try ask()
                // The ops process answers as ever.
                let began = Deadline.after(1)
                #expect(try metric(dropped) >= 0)
                #expect(began.secondsLeft > 0)
                usleep(300_000)
                return try metric(dropped) > 0
            }
            #expect(isDropping)
            _ = try service.log.wait(for: "traces are not exported")
            // Spans are dropped as soon as too many come at once; the collector may not have been asked by then.
            #expect(try eventually { try collector.requests(mode) > 0 })
            if mode != .silent { #expect(try eventually { try metric("panal_trace_exports_failed_total") > 0 }) }
            // A silent collector holds the request of now until its time is up.
            try collector.set(.ok)
            let isOver = try eventually(by: .after(40)) {
                try ask()
                usleep(300_000)
                return !service.log.events("traces are exported again").isEmpty
            }
            #expect(isOver)
            #expect(try eventually { try metric(dropped) + metric("panal_trace_spans_exported_total") == sent })
            #expect(try collector.spans().count == metric("panal_trace_spans_exported_total"))
            #expect(service.log.events("traces are not exported").count == 1)
            #expect(service.log.events("traces are exported again").count == 1)
            #expect(try metric("panal_trace_exports_failed_total") > 0)
            service.stop()
            #expect(try collector.faults() == [])
        }

        @Test("of which the collector takes a part are counted as it says")
        func partial() throws {
            let collector = try TraceCollector()
            try collector.set(.partial)
            let service = try Service(workers: 1, environment: Self.environment(collector, ["OPS_PORT": "0"]))
            #expect(try service.answer(.get("/parts")).status == 204)
            let event = try service.log.wait(for: "traces are not exported")
            #expect(event["reason"]?.string == "the collector rejected some: one too many")
            service.stop()
        }
    }
}
