import Glibc
import HTTPClient
import Linux
import Prefork
import Telemetry

/// All that a scrape shows: what the processes counted, and what the scoreboard, the kernel and other tables say now.
struct ServiceReadings: Sendable {
    let info: ServiceInfo
    let scoreboard: Scoreboard
    let metrics: MetricsTable
    let handlerTimes: HandlerTimesTable
    let hosts: HostTable

    /// As it is now.
    func read() -> [MetricReading] {
        let slots = scoreboard.workers
        let live = Set(slots.map { MetricsColumn.worker($0.index) } + [MetricsColumn.supervisor, MetricsColumn.ops])
        var readings = metrics.read { live.contains($0) }
        readings += workers(slots) + handlers() + calls()
        let processes = [("supervisor", getppid()), ("ops", getpid())] + slots.map { ("worker \($0.number)", $0.pid) }
        for (name, pid) in processes where pid > 0 { readings += process(name, pid) }
        readings.append(number("panal.metrics.overflow", .counter, Double(metrics.overflowed)))
        readings.append(
            number(
                "panal.build.info",
                .gauge,
                1,
                [("service.name", info.name), ("revision", info.revision), ("date", info.date)]
            )
        )
        if let load = SystemFile.read("/proc/loadavg")?.split(separator: " ").first.flatMap({ Double($0) }) {
            readings.append(number("system.load.1m", .gauge, load))
        }
        return readings
    }

    private func number(
        _ name: String,
        _ kind: MetricKind,
        _ value: Double,
        _ dimensions: [(String, String)] = []
    ) -> MetricReading {
        let series = MetricSeries(name, kind, dimensions.map { MetricSeries.Dimension($0.0, $0.1) })
        return MetricReading(series: series, value: .number(value))
    }

    private func workers(_ slots: [WorkerSlot]) -> [MetricReading] {
        func sum(_ value: (WorkerSlot) -> Int) -> Double { Double(slots.reduce(0) { $0 + value($1) }) }
        let phases: [(WorkerPhase, String)] = [(.booting, "booting"), (.ready, "ready"), (.draining, "draining")]
        return phases.map { phase, name in
            number("panal.workers", .gauge, Double(slots.count { $0.phase == phase }), [("phase", name)])
        } + [
            number("http.server.active_requests", .gauge, sum { $0.requestsInFlight.count }),
            number("panal.requests.waiting", .gauge, sum(\.waiting)),
            number("panal.threads.free", .gauge, sum { $0.freeThreads ?? 0 }),
            number("panal.connections.open", .gauge, sum(\.connections)),
            number("panal.log.lines.dropped", .gauge, sum(\.droppedLogLines)),
        ]
    }

    private func handlers() -> [MetricReading] {
        let reading = handlerTimes.read()
        return zip(reading.names, reading.times).filter { $0.1.requests > 0 }.flatMap { name, times in
            [
                ("panal.handler.cpu.time", times.processor), ("panal.handler.wall.time", times.wall),
                ("panal.handler.run_queue.time", times.runQueue),
            ].map { number($0.0, .counter, Double($0.1) / 1e9, [("route", name)]) }
        }
    }

    private func calls() -> [MetricReading] {
        hosts.read().flatMap { host -> [MetricReading] in
            let name = [("server.address", host.host)]
            let duration = MetricReading(
                series: MetricSeries(
                    "http.client.request.duration",
                    .durations,
                    [MetricSeries.Dimension("server.address", host.host)]
                ),
                value: .histogram(
                    MetricReading.Histogram(
                        bounds: HostReading.bounds.map { Double($0.nanoseconds) / 1e9 },
                        counts: host.buckets,
                        sum: Double(host.duration.nanoseconds) / 1e9
                    )
                )
            )
            let failures = host.failures.sorted { $0.key.rawValue < $1.key.rawValue }.map { failure, count in
                number("panal.client.failures", .counter, Double(count), name + [("error.type", failure.rawValue)])
            }
            return [
                duration, number("panal.client.retries", .counter, Double(host.retries), name),
                number("panal.client.refusals", .counter, Double(host.refusals), name),
                number("panal.client.circuit.open", .gauge, host.circuit == .closed ? 0 : 1, name),
            ] + failures
        }
    }

    private func process(_ name: String, _ pid: Int32) -> [MetricReading] {
        guard let usage = ProcessUsage(of: pid) else { return [] }
        let of = [("process", name)]
        return [
            number("process.cpu.time", .gauge, usage.processorTime, of),
            number("process.memory.usage", .gauge, Double(usage.residentMemory), of),
            number("process.thread.count", .gauge, Double(usage.threads), of),
            number("process.context_switches", .gauge, Double(usage.voluntarySwitches), of + [("type", "voluntary")]),
            number(
                "process.context_switches",
                .gauge,
                Double(usage.involuntarySwitches),
                of + [("type", "involuntary")]
            ),
        ]
            + [
                usage.proportionalMemory.map { number("process.memory.pss", .gauge, Double($0), of) },
                usage.descriptors.map { number("process.open_file_descriptor.count", .gauge, Double($0), of) },
            ].compactMap(\.self)
    }
}
