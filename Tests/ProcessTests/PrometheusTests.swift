import Glibc
import Testing

@testable import ProcessHarness

extension ProcessTests {
    @Suite("What Prometheus makes of the metrics, and what is deployed for it")
    struct PrometheusTests {
        /// A service that has answered, called another one, refused, and rolled.
        private func busyService() throws -> (Service, OpsPort) {
            let service = try Service(workers: 2, environment: OpsPort.environment)
            for path in ["/bytes/10", "/none", "/call", "/notes", "/count/a%22b%5Cc%0Ad"] {
                #expect(service.ask(.get(path)).status != nil)
            }
            #expect(service.ask(Note.write("one")).status == 201)
            #expect(service.ask(Request(method: "ODD", target: "/")).status == 501)
            let mark = service.log.mark
            service.signal(SIGHUP)
            try service.log.wait(for: "roll finished", after: mark)
            return (service, try OpsPort(in: service.log))
        }

        private func write(_ text: String, to path: String) throws {
            let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            defer { close(file) }
            let bytes = Array(text.utf8)
            guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
                throw Spawned.Failure(description: "cannot write \(path)")
            }
        }

        private func shell(_ command: String) throws -> Finished {
            try Finished.running(["bash", "-c", command], environment: ["PATH": Binary.searchPath])
        }

        private func contentType(of answer: Answer) -> String? {
            answer.fields.first { $0.name == "Content-Type" }?.value
        }

        @Test("promtool finds nothing wrong with the text", .needs(.promtool))
        func text() throws {
            let (service, ops) = try busyService()
            let directory = try TemporaryDirectory()
            let answer = try ops.answer(.get("/metrics"))
            #expect(contentType(of: answer) == "text/plain; version=0.0.4; charset=utf-8")
            try write(answer.text, to: directory.path + "/metrics")
            let checked = try shell("promtool check metrics < \(directory.path)/metrics")
            #expect(
                checked.exit == .code(0) && checked.output + checked.errors == "",
                "\(checked.output)\(checked.errors)"
            )
            service.stop()
        }

        @Test("the strict parser of Prometheus' own client reads the OpenMetrics text", .needs(.prometheusClient))
        func openMetrics() throws {
            let (service, ops) = try busyService()
            let directory = try TemporaryDirectory()
            let answer = try ops.answer(.get("/metrics", [("Accept", "application/openmetrics-text; version=1.0.0")]))
            #expect(contentType(of: answer) == "application/openmetrics-text; version=1.0.0; charset=utf-8")
            try write(answer.text, to: directory.path + "/metrics")
            let script = """
                import sys
                from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
                families = {family.name: family for family in parse(open(sys.argv[1]).read())}
                duration = families['http_server_request_duration_seconds']
                print(duration.type, duration.unit, sum(int(s.value) for s in duration.samples if s.name.endswith('_count')))
                """
            let parsed = try Finished.running(
                [Tool.prometheusClient.command, "-c", script, directory.path + "/metrics"]
            )
            #expect(parsed.output == "histogram seconds 7\n", "\(parsed.output)\(parsed.errors)")
            service.stop()
        }

        @Test(
            "Prometheus scrapes a running service, and knows the right numbers and no alert",
            .needs(.prometheus)
        )
        func scraping() throws {
            let service = try Service(workers: 2, environment: OpsPort.environment)
            let ops = try OpsPort(in: service.log)
            for _ in 0..<120 { #expect(service.ask(.get("/bytes/10")).status == 200) }
            for _ in 0..<30 { #expect(service.ask(.get("/none")).status == 404) }

            let directory = try TemporaryDirectory()
            let port = try ListeningSocket().port
            let rules = Binary.package + "/deploy/prometheus/alerts.yml"
            let configuration = try #require(ProcessTree.read(Binary.package + "/deploy/prometheus/prometheus.yml"))
                .replacing("15s", with: "1s").replacing("5s", with: "1s")
                .replacing("127.0.0.1:9090", with: "127.0.0.1:\(ops.port)")
                .replacing("  - alerts.yml", with: "  - \(rules)")
            try write(configuration, to: directory.path + "/prometheus.yml")
            let output = open(directory.path + "/output", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
            defer { close(output) }
            let prometheus = try Spawned(
                [
                    "prometheus", "--config.file=\(directory.path)/prometheus.yml",
                    "--storage.tsdb.path=\(directory.path)/data", "--web.listen-address=127.0.0.1:\(port)",
                ],
                environment: ["PATH": Binary.searchPath],
                output: output,
                errors: output
            )
            defer {
                kill(prometheus.pid, SIGKILL)
                _ = prometheus.wait(by: .after(5))
            }
            func query(_ path: String) throws -> JSON? {
                guard let connection = try? Connection(to: port) else { return nil }
                return connection.exchange(.get("/api/v1/\(path)")).answer.flatMap { try? JSON($0.body) }
            }
            func value(_ expression: String) throws -> Double? {
                let encoded = expression.utf8.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
                    .joined()
                let result = try query("query?query=\(encoded)")?["data"]?["result"]?.array
                return result?.first?["value"]?.array?.last?.string.flatMap { Double($0) }
            }
            let counted = "sum by (job) (http_server_request_duration_seconds_count{job=\"web\""
            let isSeen = try eventually(by: .after(30)) {
                usleep(100_000)
                return try value("\(counted)})") == 150
            }
            #expect(isSeen, "\(ProcessTree.read(directory.path + "/output") ?? "")")
            #expect(try value("\(counted),http_route=\"/bytes/{count}\",http_response_status_code=\"200\"})") == 120)
            #expect(try value("\(counted),http_response_status_code=\"404\"})") == 30)
            #expect(try value("panal_workers{phase=\"ready\"}") == 2)
            #expect(try value("up{job=\"web\"}") == 1)
            #expect(try value("panal_ready") == 1)
            // Half of them were at most as fast as the slower half.
            let half = try value("histogram_quantile(0.5, panal_request_duration_seconds_bucket)")
            #expect(half.map { $0 > 0 && $0 < 0.1 } == true)
            let firing = try query("alerts")?["data"]?["alerts"]?.array ?? []
            #expect(firing.filter { $0["labels"]?["job"]?.string == "web" } == [])
            service.stop()
        }

        @Test("the alerts do what they are there for", .needs(.promtool))
        func alerts() throws {
            let directory = Binary.package + "/deploy/prometheus"
            let tested = try shell(
                "cd \(directory) && promtool check config prometheus.yml && promtool test rules alerts.test.yml"
            )
            #expect(tested.exit == .code(0), "\(tested.output)\(tested.errors)")
            // Each of them, and that each is silent where all is well.
            let rules = try #require(ProcessTree.read(directory + "/alerts.yml"))
            let tests = try #require(ProcessTree.read(directory + "/alerts.test.yml"))
            let names = rules.split(separator: "\n").filter { $0.contains("- alert: ") }.compactMap {
                $0.split(separator: " ").last
            }
            #expect(names.count >= 16)
            for name in names { #expect(tests.split(separator: "alertname: \(name)").count >= 3, "\(name)") }
        }

        /// What is there only after something has happened, or in another process.
        private static let afterEvents: Set<String> = [
            "up", "panal_jobs", "panal_jobs_oldest_age_seconds", "panal_job_duration_seconds",
            "db_client_operation_duration_seconds", "panal_db_busy_retries_total", "panal_db_commit_group_size",
        ]

        @Test("dashboard, alerts and autoscaler ask for what there is, in Prometheus' language", .needs(.promtool))
        func expressions() throws {
            let (service, ops) = try busyService()
            let dashboard = try JSON(#require(ProcessTree.read(Binary.package + "/deploy/grafana/dashboard.json")).utf8)
            let panels = try #require(dashboard["panels"]?.array)
            let targets = panels.flatMap { $0["targets"]?.array ?? [] }
            let annotations = dashboard["annotations"]?["list"]?.array ?? []
            let asked = (targets + annotations).compactMap { $0["expr"]?.string }.map {
                $0.replacing("$__rate_interval", with: "5m").replacing("$instance", with: ".*")
            }
            #expect(asked.count >= 50 && !asked.contains { $0.contains("$") })
            let directory = try TemporaryDirectory()
            let rules = asked.enumerated().map {
                "  - {record: \"r\($0)\", expr: '\($1.replacing("'", with: "''"))'}\n"
            }
            try write("groups:\n- name: all\n  rules:\n" + rules.joined(), to: directory.path + "/rules.yml")
            let checked = try shell("promtool check rules \(directory.path)/rules.yml")
            #expect(checked.exit == .code(0), "\(checked.output)\(checked.errors)")

            let scrape = try ops.scrape()
            let alerts = try #require(ProcessTree.read(Binary.package + "/deploy/prometheus/alerts.yml"))
            let alerting = alerts.split(separator: "\n").filter { !$0.contains("summary:") && !$0.hasPrefix("#") }
                .joined(separator: " ")
            let adapter = Binary.package + "/deploy/kubernetes/monitoring/prometheus-adapter.yaml"
            let scaling = try #require(ProcessTree.read(adapter)).split(separator: "\n").filter {
                $0.contains("seriesQuery:")
            }
            #expect(scaling.count == 1)
            for text in asked + [alerting] + scaling.map(String.init) {
                for name in Self.names(in: text) where scrape.types[name] == nil && !Self.afterEvents.contains(name) {
                    Issue.record("there is no \(name)")
                }
            }
            service.stop()
        }

        /// The metrics that an expression names: not what is quoted, nor labels, which stand in parentheses or braces of their own.
        private static func names(in expression: String) -> Set<String> {
            var text = ""
            var isQuoted = false
            for character in expression {
                if character == "\"" { isQuoted.toggle() } else { text.append(isQuoted ? " " : character) }
            }
            for labels in ["by (", "on (", "ignoring ("] {
                let parts = text.split(separator: labels, omittingEmptySubsequences: false)
                text = parts.enumerated().map { $0 == 0 ? String($1) : String($1.drop { $0 != ")" }) }.joined()
            }
            let braces = text.split(separator: "{", omittingEmptySubsequences: false)
            text = braces.enumerated().map { $0 == 0 ? String($1) : String($1.drop { $0 != "}" }) }.joined()
            let words = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
            let prefixes = ["panal_", "http_", "process_", "system_", "db_"]
            return Set(
                words.filter { word in prefixes.contains { word.hasPrefix($0) } }.map { word in
                    for suffix in ["_bucket", "_count", "_sum"]
                    where word.hasSuffix(suffix) { return String(word.dropLast(suffix.count)) }
                    return word
                }
            )
        }
    }
}
