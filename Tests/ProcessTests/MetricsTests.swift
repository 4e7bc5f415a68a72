import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("The metrics of a running service")
    struct MetricsTests {
        /// The counts of requests that a scrape shows, which must all be the same.
        private func requests(_ scrape: Exposition) -> Set<Double> {
            let names = [
                "http_server_request_duration_seconds", "http_server_request_body_size_bytes",
                "http_server_response_body_size_bytes", "panal_request_duration_seconds",
            ]
            return Set(
                names.map { scrape.sum($0 + "_count") } + names.map { scrape.sum($0 + "_bucket", "le=\"+Inf\"") }
            )
        }

        @Test(
            "no counter goes back in a hundred scrapes of a service that is rolled, resized and upgraded under load, and all are what clients counted"
        )
        func exactness() throws {
            let service = try Service(workers: 3, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            let load = Load(on: service.address, clients: 4, style: .keepAlive) { client, turn in
                turn % 5 == 4 ? .get("/none") : .get("/bytes/\(turn % 10)")
            }
            #expect(load.waitForAnswers(50))
            var last = try ops.scrape()
            var scrapes = 0
            func scrape() throws {
                let now = try ops.scrape()
                #expect(now.fallen(since: last) == [])
                last = now
                scrapes += 1
            }
            let orders: [(Int32, String)] = [
                (SIGHUP, "roll finished"), (SIGTTIN, "worker ready"), (SIGTTOU, "worker exited"),
                (SIGUSR2, "roll finished"),
            ]
            for _ in 0..<3 {
                for (order, outcome) in orders {
                    let mark = service.log.mark
                    service.signal(order)
                    for _ in 0..<8 { try scrape() }
                    try service.log.wait(for: outcome, after: mark)
                    try scrape()
                }
            }
            #expect(scrapes >= 100)
            #expect(load.waitForAnswers(50))
            let tally = load.stop()
            #expect(tally.failures == [])
            try scrape()
            #expect(requests(last) == [Double(tally.total)])
            for status in [200, 404] {
                let count = last.sum(
                    "http_server_request_duration_seconds_count",
                    "http_response_status_code=\"\(status)\""
                )
                #expect(count == Double(tally.answered[status] ?? 0))
            }
            #expect(last.sum("panal_handler_requests_total", "/bytes/{count}") == Double(tally.answered[200] ?? 0))
            #expect(last.sum("panal_rolls_total", "outcome=\"done\"") == 6)
            #expect(last.sum("panal_roll_duration_seconds_count") == 6)
            #expect(last.sum("panal_generation") == 7)
            service.stop()
        }

        @Test(
            "counters go on where they were when workers are killed under load: all that was answered is counted, and nothing that was not asked"
        )
        func killed() throws {
            let service = try Service(workers: 3, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            let load = Load(on: service.address, clients: 4, style: .keepAlive) { _, turn in .get("/bytes/\(turn % 10)")
            }
            #expect(load.waitForAnswers(50))
            var last = try ops.scrape()
            for _ in 0..<25 {
                let mark = service.log.mark
                kill(try #require(service.workers.randomElement()), SIGKILL)
                for _ in 0..<3 {
                    let now = try ops.scrape()
                    #expect(now.fallen(since: last) == [])
                    last = now
                }
                try service.log.wait(for: "worker ready", after: mark)
                #expect(load.waitForAnswers(20))
            }
            let tally = load.stop()
            let scrape = try ops.scrape()
            let counted = requests(scrape)
            // Whoever was cut off does not know whether there was an answer on the way, and nobody else does.
            let possible = Double(tally.total)...Double(tally.total + tally.failures.count)
            #expect(counted.allSatisfy { possible.contains($0) }, "\(counted), \(possible)")
            let handled = scrape.sum("panal_handler_requests_total", "/bytes/{count}")
            #expect(possible.contains(handled), "\(handled), \(possible)")
            #expect(counted.count <= 1 + tally.failures.count)
            #expect(scrape.sum("panal_child_exits_total", "cause=\"signal\"") == 25)
            service.stop()
        }

        @Test("sizes, waits, connections and bytes are what clients sent and got")
        func numbers() throws {
            let service = try Service(workers: 1, environment: OpsPort.environment.merging(["WEB_THREADS": "1"]) { $1 })
            let ops = try OpsPort(in: service.log)
            var bytes = 0
            for size in [0, 64, 65, 5000] {
                let connection = try service.connect()
                bytes += try #require(connection.exchange(.get("/bytes/\(size)")).answer).body.count
            }
            let echoed = try service.answer(
                Request(method: "POST", target: "/echo", body: Array(repeating: 120, count: 300))
            )
            #expect(echoed.body.count == 300)
            bytes += 300
            let scrape = try ops.scrape()
            #expect(scrape.sum("http_server_response_body_size_bytes_sum") == Double(bytes))
            #expect(scrape.sum("http_server_request_body_size_bytes_sum") == 300)
            #expect(
                scrape.sum("http_server_response_body_size_bytes_bucket", "http_request_method=\"GET\"", "le=\"64\"")
                    == 2
            )
            #expect(
                scrape.sum("http_server_response_body_size_bytes_bucket", "http_request_method=\"GET\"", "le=\"256\"")
                    == 3
            )
            #expect(scrape.sum("panal_connections_accepted_total") == 5)
            #expect(scrape.sum("panal_network_io_bytes_total", "transmit") > Double(bytes))
            #expect(scrape.sum("panal_network_io_bytes_total", "receive") > 300)

            // One waits for the thread that another one has.
            let slow = try service.connect()
            slow.send(Request.get("/blocking-route/2000").bytes)
            #expect(try eventually { try ops.scrape().sum("panal_threads_free") == 0 })
            #expect(try service.answer(.get("/blocking-route/0")).status == 204)
            #expect(slow.receive().status == 204)
            let waited = try ops.scrape()
            #expect(waited.sum("panal_request_queue_duration_seconds_count") == 7)
            #expect(waited.sum("panal_request_queue_duration_seconds_bucket", "le=\"0.005\"") == 6)
            #expect(waited.sum("panal_request_queue_duration_seconds_sum") > 0.05)
            service.stop()
        }

        @Test("what the server refuses is counted by its reason, and no client makes series without an end")
        func refusals() throws {
            let service = try Service(
                workers: 1,
                environment: OpsPort.environment.merging(["WEB_THREADS": "1", "QUEUE_TIMEOUT": "100ms"]) { $1 }
            )
            let ops = try OpsPort(in: service.log)
            for number in 0..<300 {
                #expect(service.ask(Request(method: "M\(number)", target: "/bytes/1")).status == 501)
            }
            for number in 0..<300 { #expect(service.ask(.get("/none/\(number)")).status == 404) }
            let malformed = try service.connect()
            malformed.send("GET / HTTP/1.1\r\n\r\n")
            #expect(malformed.receive().status == 400)
            let slow = try service.connect()
            slow.send(Request.get("/blocking-route/3000").bytes)
            #expect(try eventually { try ops.scrape().sum("panal_threads_free") == 0 })
            #expect(service.ask(.get("/blocking-route/0")).status == 503)
            #expect(slow.receive().status == 204)
            let scrape = try ops.scrape()
            #expect(scrape.sum("panal_requests_refused_total", "reason=\"unsupported\"") == 300)
            #expect(scrape.sum("panal_requests_refused_total", "reason=\"malformed\"") == 1)
            #expect(scrape.sum("panal_requests_refused_total", "reason=\"overloaded\"") == 1)
            #expect(scrape.sum("panal_requests_refused_total", "reason=\"timeout\"") == 0)
            #expect(scrape.sum("panal_request_parse_errors_total", "501") == 300)
            #expect(scrape.sum("panal_request_parse_errors_total", "400") == 1)
            #expect(scrape.sum("http_server_request_duration_seconds_count", "http_request_method=\"_OTHER\"") == 300)
            #expect(scrape.count(of: "http_server_request_duration_seconds_count") == 5)
            #expect(scrape.sum("panal_metrics_overflow_total") == 0)
            service.stop()
        }

        @Test("series without an end are counted together, and the log says so once")
        func overflow() throws {
            let service = try Service(workers: 2, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            for number in 0..<300 { #expect(service.ask(.get("/count/\(number)")).status == 204) }
            let scrape = try ops.scrape()
            #expect(scrape.sum("fixture_count_total") == 300)
            #expect(scrape.count(of: "fixture_count_total") == 257)
            #expect(scrape.sum("fixture_count_total", "otel_metric_overflow=\"true\"") == 44)
            try service.log.wait(
                for: "metrics have more series than there is room for, what comes beyond is counted together"
            )
            for number in 300..<400 { #expect(service.ask(.get("/count/\(number)")).status == 204) }
            #expect(try ops.scrape().sum("fixture_count_total") == 400)
            service.stop()
            #expect(
                service.log.events(
                    "metrics have more series than there is room for, what comes beyond is counted together"
                ).count == 1
            )
        }

        @Test("calls out and handlers' times stay counted when another program takes over")
        func takeover() throws {
            let service = try Service(workers: 1, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            for _ in 0..<3 { _ = service.ask(.get("/call")) }
            let before = try ops.scrape()
            #expect(before.sum("panal_handler_requests_total", "/call") == 3)
            #expect(before.sum("http_client_request_duration_seconds_count") > 0)
            let mark = service.log.mark
            service.signal(SIGUSR2)
            try service.log.wait(for: "roll finished", after: mark)
            let after = try ops.scrape()
            #expect(after.fallen(since: before) == [])
            _ = service.ask(.get("/call"))
            let later = try ops.scrape()
            #expect(later.sum("panal_handler_requests_total", "/call") == 4)
            #expect(later.count(of: "panal_handler_requests_total") == 1)
            #expect(
                later.sum("http_client_request_duration_seconds_count")
                    > before.sum("http_client_request_duration_seconds_count")
            )
            #expect(later.count(of: "http_client_request_duration_seconds_count") == 1)
            service.stop()
        }

        @Test("log lines that nobody took stay counted when those who dropped them have left")
        func lostLines() throws {
            let service = try Service(workers: 2, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            service.log.stall()
            let load = Load(on: service.address, clients: 4, style: .keepAlive) { _, _ in .get("/notes") }
            #expect(try eventually { try ops.scrape().sum("panal_log_lines_dropped_total") > 0 })
            let tally = load.stop()
            let former = service.workers
            service.signal(SIGHUP)
            #expect(eventually { Set(service.workers).isDisjoint(with: former) && service.workers.count == 2 })
            let counted = try ops.scrape().sum("panal_log_lines_dropped_total")
            service.log.goOn()
            service.stop()
            let missed = service.log.events("log lines dropped").compactMap { $0["count"]?.int }.reduce(0, +)
            #expect(Double(missed) == counted)
            #expect(service.log.requestCount + missed == tally.total)
        }

        @Test("each metric says what it is")
        func descriptions() throws {
            let service = try Service(workers: 1, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            for path in ["/notes", "/none", "/call"] { #expect(service.ask(.get(path)).status != nil) }
            let lines = try ops.answer(.get("/metrics")).text.split(separator: "\n")
            let typed = lines.filter { $0.hasPrefix("# TYPE ") }.compactMap {
                $0.split(separator: " ").dropFirst(2).first
            }
            let helped = lines.filter { $0.hasPrefix("# HELP ") }.compactMap {
                $0.split(separator: " ").dropFirst(2).first
            }
            #expect(typed.count > 40 && typed == helped)
            service.stop()
        }

        @Test("a worker's end is counted by its cause")
        func causes() throws {
            let service = try Service(
                workers: 1,
                // The runtime's backtracer would outlive a signal that nothing in the program caused.
                environment: OpsPort.environment.merging(["MAX_REQUESTS": "5", "SWIFT_BACKTRACE": "enable=no"]) { $1 }
            )
            let ops = try OpsPort(in: service.log)
            for _ in 0..<5 { #expect(service.ask(.get("/bytes/1")).status == 200) }
            try service.log.wait(for: "worker exited")
            for (signal, count) in [(SIGKILL, 2), (SIGSEGV, 3)] {
                let mark = service.log.mark
                kill(try #require(service.workers.first), signal)
                try service.log.wait(for: "worker ready", after: mark)
                #expect(service.log.events("worker exited").count == count)
            }
            for (order, outcome) in [(SIGHUP, "roll finished"), (SIGTTIN, "worker ready"), (SIGTTOU, "worker exited")] {
                let mark = service.log.mark
                service.signal(order)
                try service.log.wait(for: outcome, after: mark)
            }
            let scrape = try ops.scrape()
            for cause in ["request limit", "signal", "crash", "roll", "asked"] {
                #expect(scrape.sum("panal_child_exits_total", "cause=\"\(cause)\"") == 1, "\(cause)")
            }
            for cause in ["stuck", "out of memory", "age"] {
                #expect(scrape.sum("panal_child_exits_total", "cause=\"\(cause)\"") == 0, "\(cause)")
                #expect(scrape.samples.keys.contains { $0.contains("cause=\"\(cause)\"") })
            }
            service.stop()
        }

        @Test("each process shows what it uses, and the service the processor time of those that have ended, too")
        func processes() throws {
            let service = try Service(workers: 2, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            #expect(service.ask(.get("/spin/300")).status == 204)
            let names = [
                "process_cpu_time_seconds", "process_memory_usage_bytes", "process_memory_pss_bytes",
                "process_threads", "process_open_file_descriptors", "panal_process_sockets",
                "process_context_switches",
            ]
            // Of processes that a scrape has no time for, the next one tells.
            let isComplete = try eventually {
                let scrape = try ops.scrape()
                return ["supervisor", "ops", "worker 1", "worker 2"].allSatisfy { process in
                    names.allSatisfy { name in
                        scrape.samples.keys.contains { $0.hasPrefix(name) && $0.contains("\"\(process)\"") }
                    }
                }
            }
            #expect(isComplete)
            let before = try ops.scrape()
            #expect(before.sum("panal_process_sockets", "\"ops\"") >= 2, "the listener and this connection")
            #expect(before.sum("panal_cpu_time_seconds_total") > 0)
            let former = service.workers
            service.signal(SIGHUP)
            #expect(eventually { Set(service.workers).isDisjoint(with: former) && service.workers.count == 2 })
            let after = try ops.scrape()
            #expect(after.sum("panal_cpu_time_seconds_total") >= before.sum("panal_cpu_time_seconds_total"))
            service.stop()
        }
    }
}
