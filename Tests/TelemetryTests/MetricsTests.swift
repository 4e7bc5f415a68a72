import CoreMetrics
import Glibc
import Linux
import Testing

@testable import Telemetry

@Suite("Metrics in shared memory")
struct MetricsTests {
    private func number(_ name: String, in table: MetricsTable, isLive: (Int) -> Bool = { _ in true }) -> Double? {
        let reading = table.read(isLive: isLive).first { $0.series.name == name }
        guard case .number(let number) = reading?.value else { return nil }
        return number
    }

    private func histogram(_ name: String, in table: MetricsTable) -> MetricReading.Histogram? {
        guard case .histogram(let found) = table.read().first(where: { $0.series.name == name })?.value else {
            return nil
        }
        return found
    }

    /// The same memory as another process maps it.
    private func another(_ table: MetricsTable, column: Int) throws -> MetricsTable {
        let memory = try SharedMemory(reading: FileDescriptor(owning: dup(table.memory.descriptor)))
        let writable = try SharedMemory(
            mapping: FileDescriptor(owning: dup(table.memory.descriptor)),
            size: memory.size
        )
        let other = try #require(MetricsTable(in: writable))
        other.use(column: column)
        return other
    }

    @Test("a counter is the sum of what all processes counted, also of those that have left")
    func counter() throws {
        let table = try MetricsTable(columns: 3)
        let series = MetricSeries("orders", .counter, [.init("kind", "new")])
        table.cell(series).add(2)
        let first = try another(table, column: 1)
        first.cell(series).add(3)
        let second = try another(table, column: 2)
        second.cell(series).add()
        #expect(number("orders", in: table) == 6)
        // The first leaves, and the next process in its place goes on.
        let successor = try another(table, column: 1)
        successor.cell(series).add(10)
        #expect(number("orders", in: table) == 16)
        #expect(number("orders", in: table, isLive: { $0 == 0 }) == 16)
        second.cell(series).add(-5)
        #expect(number("orders", in: table) == 16)
    }

    @Test("a gauge is the sum over those that live, and ends with its process")
    func gauge() throws {
        let table = try MetricsTable(columns: 3)
        let series = MetricSeries("sessions", .gauge)
        try another(table, column: 1).cell(series).set(2.5)
        try another(table, column: 2).cell(series).change(by: 4)
        #expect(number("sessions", in: table) == 6.5)
        #expect(number("sessions", in: table, isLive: { $0 != 1 }) == 4)
        let successor = try another(table, column: 2)
        #expect(number("sessions", in: table) == 2.5)
        successor.cell(series).change(by: -1)
        #expect(number("sessions", in: table) == 1.5)
    }

    @Test(
        "a duration falls into the first bucket whose bound is not below it",
        arguments: [
            (0, 0), (1, 0), (5_000_000, 0), (5_000_001, 1), (10_000_000_000, 13), (10_000_000_001, 14), (.max, 14),
        ] as [(Int64, Int)]
    )
    func buckets(nanoseconds: Int64, bucket: Int) throws {
        let table = try MetricsTable(columns: 1)
        table.cell(MetricSeries("time", .durations)).record(nanoseconds)
        let found = try #require(histogram("time", in: table))
        #expect(found.counts.firstIndex(of: 1) == bucket)
        #expect(found.count == 1)
        #expect(found.bounds.count == 14 && found.bounds.first == 0.005 && found.bounds.last == 10)
        #expect(abs(found.sum - Double(nanoseconds) / 1e9) < 1)
    }

    @Test(
        "a value falls into the first bucket whose bound is not below it",
        arguments: [MetricKind.durations, .sizes, .fineDurations, .operationDurations, .counts]
    )
    func buckets(kind: MetricKind) throws {
        let bounds = try #require(kind.bounds)
        #expect(bounds.upper.count == kind.boundCount)
        let edges = bounds.upper.flatMap { [$0 - 1, $0, $0 + 1] }
        let others = (0..<10_000).map { _ in Int64.random(in: 0 ... .max) >> Int64.random(in: 0..<63) }
        for value in [0, 1, .max] + edges + others {
            #expect(kind.bucket(of: value) == bounds.upper.firstIndex { $0 >= value } ?? bounds.upper.count, "\(value)")
        }
    }

    @Test("percentiles of fine durations are at most an eighth too high, from 10 µs to 10 minutes")
    func percentiles() throws {
        let table = try MetricsTable(columns: 1)
        let cell = table.cell(MetricSeries("time", .fineDurations))
        var before = try #require(histogram("time", in: table))
        #expect(before.quantile(0.5) == nil)
        for exponent in 0..<78 {
            let nanoseconds = 10_000 * pow(1.25, Double(exponent))
            for _ in 0..<100 { cell.record(Int64(nanoseconds)) }
            let now = try #require(histogram("time", in: table))
            let median = try #require(now.since(before).quantile(0.5))
            #expect(median * 1e9 >= nanoseconds - 1 && median * 1e9 <= nanoseconds * 1.126, "\(nanoseconds)")
            before = now
        }
        #expect(before.quantile(1) ?? 0 > 100)
    }

    @Test("what many threads of several processes count at the same time is all counted, each series once")
    func races() throws {
        let table = try MetricsTable(columns: 5)
        let processes = try (1...4).map { try another(table, column: $0) }
        let threads = try processes.flatMap { process in
            try (0..<4).map { _ in
                try Thread.start {
                    for round in 0..<2_000 {
                        let series = MetricSeries("hits", .counter, [.init("path", "/\(round % 50)")])
                        process.cell(series).add()
                        process.cell(MetricSeries("time", .durations)).record(1_000_000)
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        let readings = table.read()
        let hits = readings.filter { $0.series.name == "hits" }
        #expect(hits.count == 50)
        for reading in hits {
            guard case .number(let number) = reading.value else { continue }
            #expect(number == 640, "\(reading.series)")
        }
        #expect(histogram("time", in: table)?.count == 32_000)
        #expect(table.overflowed == 0)
    }

    @Test("series without an end are counted together beyond a limit, which is told once")
    func cardinality() throws {
        let table = try MetricsTable(columns: 2)
        let other = try another(table, column: 1)
        for user in 0..<1_000 {
            (user % 2 == 0 ? table : other).cell(MetricSeries("logins", .counter, [.init("user", "\(user)")])).add()
        }
        let logins = table.read().filter { $0.series.name == "logins" }
        #expect(logins.count == MetricsTable.capacityOfAMetric + 1)
        let total = logins.reduce(0) { total, reading in
            if case .number(let number) = reading.value { total + number } else { total }
        }
        #expect(total == 1_000)
        #expect(logins.contains { $0.series.dimensions.map(\.name) == ["otel.metric.overflow"] })
        #expect(table.overflowed == 1_000 - MetricsTable.capacityOfAMetric)
        #expect([other.claimsOverflowNotice(), table.claimsOverflowNotice()] == [true, false])
        // Another metric has room all the same.
        table.cell(MetricSeries("logouts", .counter)).add()
        #expect(number("logouts", in: table) == 1)
    }

    @Test("a table that is full counts what has no place nowhere, and breaks nothing")
    func full() throws {
        let table = try MetricsTable(columns: 1)
        for metric in 0..<3_000 { table.cell(MetricSeries("metric\(metric)", .counter)).add() }
        #expect(table.read().count < MetricsTable.capacity)
        #expect(table.read().count > MetricsTable.capacity - 3)
        #expect(table.overflowed > 900)
        #expect(number("metric7", in: table) == 1)
        let long = MetricSeries("long", .counter, [.init("text", String(repeating: "x", count: 600))])
        table.cell(long).add()
        #expect(number("long", in: table) == nil)
    }

    @Test("swift-metrics' types write into it")
    func backend() throws {
        let table = try MetricsTable(columns: 1)
        let factory = SharedMetrics(table)
        Counter(label: "a.counter", dimensions: [("x", "1")], factory: factory).increment(by: 3)
        FloatingPointCounter(label: "a.float", dimensions: [], factory: factory).increment(by: 2.5)
        Meter(label: "a.meter", dimensions: [], factory: factory).set(1.5)
        Gauge(label: "a.gauge", dimensions: [], factory: factory).record(7)
        Recorder(label: "a.recorder", dimensions: [], aggregate: true, factory: factory).record(100)
        CoreMetrics.Timer(label: "a.timer", dimensions: [], factory: factory).recordNanoseconds(6_000_000)
        #expect(number("a.counter", in: table) == 3)
        #expect(number("a.float", in: table) == 2)
        #expect(number("a.meter", in: table) == 1.5)
        #expect(number("a.gauge", in: table) == 7)
        #expect(histogram("a.recorder", in: table)?.sum == 100)
        #expect(histogram("a.timer", in: table)?.counts[1] == 1)
    }

    @Test("Prometheus reads the text")
    func text() throws {
        let table = try MetricsTable(columns: 1)
        table.cell(MetricSeries("http.server.requests", .counter, [.init("http.route", "/a\"b\\c\nd")])).add(3)
        table.cell(MetricSeries("http.server.request.duration", .durations)).record(6_000_000)
        table.cell(MetricSeries("load", .gauge)).set(0.25)
        let descriptions = ["load": MetricDescription("How busy it is.", unit: "ratio")]
        #expect(
            MetricsText.prometheus.text(table.read(), descriptions) == """
                # TYPE http_server_request_duration_seconds histogram
                http_server_request_duration_seconds_bucket{le="0.005"} 0
                http_server_request_duration_seconds_bucket{le="0.01"} 1
                http_server_request_duration_seconds_bucket{le="0.025"} 1
                http_server_request_duration_seconds_bucket{le="0.05"} 1
                http_server_request_duration_seconds_bucket{le="0.075"} 1
                http_server_request_duration_seconds_bucket{le="0.1"} 1
                http_server_request_duration_seconds_bucket{le="0.25"} 1
                http_server_request_duration_seconds_bucket{le="0.5"} 1
                http_server_request_duration_seconds_bucket{le="0.75"} 1
                http_server_request_duration_seconds_bucket{le="1"} 1
                http_server_request_duration_seconds_bucket{le="2.5"} 1
                http_server_request_duration_seconds_bucket{le="5"} 1
                http_server_request_duration_seconds_bucket{le="7.5"} 1
                http_server_request_duration_seconds_bucket{le="10"} 1
                http_server_request_duration_seconds_bucket{le="+Inf"} 1
                http_server_request_duration_seconds_sum 0.006
                http_server_request_duration_seconds_count 1
                # TYPE http_server_requests_total counter
                http_server_requests_total{http_route="/a\\"b\\\\c\\nd"} 3
                # HELP load_ratio How busy it is.
                # TYPE load_ratio gauge
                load_ratio 0.25

                """
        )
        let openMetrics = MetricsText.openMetrics.text(table.read(), descriptions)
        #expect(openMetrics.contains("# TYPE http_server_requests counter\nhttp_server_requests_total{"))
        #expect(openMetrics.contains("# UNIT load_ratio ratio\n"))
        #expect(openMetrics.hasSuffix("# EOF\n"))
    }

    @Test("two metrics that would have the same name and another kind do not make a text that nobody can read")
    func clash() throws {
        let table = try MetricsTable(columns: 1)
        table.cell(MetricSeries("a.b", .gauge)).set(1)
        table.cell(MetricSeries("a_b", .gauge)).set(2)
        table.cell(MetricSeries("a.b", .counter)).add()
        let text = MetricsText.prometheus.text(table.read())
        #expect(text == "# TYPE a_b_total counter\na_b_total 1\n")
    }

    @Test("memory that is laid out in another way is not read")
    func version() throws {
        #expect(MetricsTable(in: try SharedMemory("other", size: 1 << 20)) == nil)
        #expect(MetricsTable(in: try SharedMemory("small", size: 64)) == nil)
    }

    @Test("no value of a dimension can break the text, nor two dimensions that become one name")
    func hostileDimensions() throws {
        let table = try MetricsTable(columns: 1)
        for value in ["a\"\u{301},evil=\"b", "a\r\nb 1", "a\\\u{301}"] {
            table.cell(MetricSeries("visits", .counter, [.init("what", value)])).add()
        }
        table.cell(MetricSeries("visits", .counter, [.init("a.b", "1"), .init("a_b", "2")])).add()
        table.cell(MetricSeries("times", .durations, [.init("le", "1")])).record(1)
        let text = MetricsText.prometheus.text(table.read())
        #expect(Array(text.utf8).contains(subsequence: Array(#"visits_total{what="a\""#.utf8)))
        #expect(Array(text.utf8).contains(subsequence: Array("visits_total{what=\"a\r\\nb 1\"} 1\n".utf8)))
        #expect(text.contains(#"visits_total{a_b="1",a_b_="2"} 1"#))
        #expect(text.contains(#"times_seconds_bucket{le_="1",le="0.005"} 1"#))
    }
}

extension [UInt8] {
    fileprivate func contains(subsequence other: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: other) }
    }
}
