import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The traces of the hotel", .needs(.opentelemetry))
    struct HotelTraceTests {
        private static func environment(_ collector: TraceCollector, _ name: String) -> [String: String] {
            [
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50",
                "OTEL_SERVICE_NAME": name, "LOG_LEVEL": "info",
            ]
        }

        @Test("go from a request to its statements, to a partner, and on to the job that tells of it and whom it tells")
        func all() throws {
            let collector = try TraceCollector()
            let south = try Service(.app, environment: Self.environment(collector, "south"))
            var given = Self.environment(collector, "north")
            given["PARTNER_URLS"] = "south=http://127.0.0.1:\(south.port)"
            given["WEBHOOK_URL"] = collector.endpoint + "/hook"
            given["WEBHOOK_SECRET"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            given["WORK_CONCURRENCY"] = "1"
            // Whatever else this machine does meanwhile: the partner is to answer.
            given["PARTNER_TIMEOUT"] = "20s"
            given["REQUEST_TIMEOUT"] = "30s"
            let north = try Service(.app, environment: given)
            let jobs = north.environment.merging(["OTEL_SERVICE_NAME": "jobs"]) { $1 }
            let work = try StartingService(Binary.app.command("work"), environment: jobs)
            try work.log.wait(for: "job workers ready")

            let target = "/v1/availability?from=\(Hotel.date(inDays: 10))&to=\(Hotel.date(inDays: 12))&guests=2"
            let answer = try north.answer(.get(target))
            #expect(answer.status == 200)
            #expect(answer.json?["incomplete"]?.array?.isEmpty == true, "\(answer.text)")
            let asked = try collector.wait { $0.service == "south" && $0.name == "GET /v1/availability" }
            let asking = try collector.wait { $0.service == "north" && $0.name == "GET /v1/availability" }
            let call = try collector.wait {
                $0.service == "north" && $0.kind == TraceCollector.client && $0.name == "GET"
            }
            #expect(asking.parent == "" && call.parent == asking.id && asked.parent == call.id)
            #expect(asked.trace == asking.trace)
            #expect(try collector.spans().contains { $0.parent == asking.id && $0["db.system.name"] == "sqlite" })
            #expect(try collector.spans().contains { $0.parent == asked.id && $0["db.system.name"] == "sqlite" })

            let hotel = try Hotel(of: north)
            #expect(try north.answer(Hotel.booking(of: hotel.rooms[0], inDays: 10, key: "k")).status == 201)
            let booking = try collector.wait { $0.name == "POST /v1/bookings" }
            let job = try collector.wait { $0.service == "jobs" && $0.kind == TraceCollector.consumer }
            #expect(job.trace == booking.trace && job.parent == booking.id && !job.hasFailed)
            let told = try collector.wait { $0.service == "jobs" && $0.name == "POST" }
            #expect(told.parent == job.id && told["http.response.status_code"] == "204")
            let hook = try #require(try collector.hooks().first)
            #expect(hook["traceparent"]?.string == "00-\(booking.trace)-\(told.id)-01")
            let done = try work.log.wait(for: "job done")
            #expect(done["traceId"]?.string == booking.trace && done["spanId"]?.string == job.id)

            work.signal(SIGTERM)
            #expect(work.waitForExit() == .code(0), "\(work.log.tail)")
            north.stop()
            south.stop()
            #expect(try collector.faults() == [])
        }
    }
}
