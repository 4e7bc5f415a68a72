import Glibc
import HTTPClient
import Jobs
import Linux
import Prefork
import Telemetry

/// All that a scrape shows: what the processes counted, and what the scoreboard, the kernel and other tables say now.
struct ServiceReadings: Sendable {
    let info: ServiceInfo
    let scoreboard: Scoreboard
    let metrics: MetricsTable
    /// `nil` where no requests are served.
    let handlerTimes: HandlerTimesTable?
    let hosts: HostTable
    let watch: OpsWatch
    private let processes = ProcessReadings()
    private let processorTime = ServiceProcessorTime()

    init(
        info: ServiceInfo,
        scoreboard: Scoreboard,
        metrics: MetricsTable,
        handlerTimes: HandlerTimesTable?,
        hosts: HostTable,
        watch: OpsWatch
    ) {
        self.info = info
        self.scoreboard = scoreboard
        self.metrics = metrics
        self.handlerTimes = handlerTimes
        self.hosts = hosts
        self.watch = watch
    }

    /// Whether the service can take requests.
    var readiness: ServiceReadiness { ServiceReadiness(scoreboard: scoreboard, watch: watch) }

    /// As it is now.
    func read() -> [MetricReading] {
        let slots = scoreboard.workers
        let live = Set(slots.map { MetricsColumn.worker($0.index) } + [MetricsColumn.supervisor, MetricsColumn.ops])
        var readings = metrics.read { live.contains($0) }
        readings += workers(slots) + handlers() + pool() + calls() + jobs() + HostLoad.read()
        readings += processes.read(
            [("supervisor", getppid()), ("ops", getpid())] + slots.map { ("worker \($0.number)", $0.pid) }
        )
        let time = processorTime.read(supervisor: getppid(), known: [getpid()] + slots.map(\.pid).filter { $0 > 0 })
        let identity = [("service.name", info.name), ("revision", info.revision), ("date", info.date)]
        return readings + [
            .number("panal.cpu.time", .counter, time),
            .number("panal.metrics.overflow", .counter, Double(metrics.overflowed)),
            .number("panal.ready", .gauge, readiness.obstacles.isEmpty ? 1 : 0),
            .number("panal.store.ready", .gauge, watch.storeObstacle == nil ? 1 : 0),
            .number("panal.build.info", .gauge, 1, identity),
        ]
    }

    private func workers(_ slots: [WorkerSlot]) -> [MetricReading] {
        func sum(_ value: (WorkerSlot) -> Int) -> Double { Double(slots.reduce(0) { $0 + value($1) }) }
        let phases: [(WorkerPhase, String)] = [(.booting, "booting"), (.ready, "ready"), (.draining, "draining")]
        return phases.map { phase, name in
            .number("panal.workers", .gauge, Double(slots.count { $0.phase == phase }), [("phase", name)])
        } + [
            .number("panal.workers.wanted", .gauge, Double(scoreboard.target)),
            .number("http.server.active_requests", .gauge, sum { $0.requestsInFlight.count }),
            .number("panal.requests.waiting", .gauge, sum(\.waiting)),
            .number("panal.threads.free", .gauge, sum { $0.freeThreads ?? 0 }),
            .number("panal.connections.open", .gauge, sum(\.connections)),
            .number("panal.generation", .gauge, Double(slots.map(\.generation).max() ?? 0)),
        ]
    }

    private func handlers() -> [MetricReading] {
        guard let reading = handlerTimes?.read() else { return [] }
        return zip(reading.names, reading.times).filter { $0.1.requests > 0 }.flatMap { name, times in
            [MetricReading.number("panal.handler.requests", .counter, Double(times.requests), [("route", name)])]
                + [
                    ("panal.handler.cpu.time", times.processor), ("panal.handler.wall.time", times.wall),
                    ("panal.handler.run_queue.time", times.runQueue),
                ].map { .number($0.0, .counter, Double($0.1) / 1e9, [("route", name)]) }
        }
    }

    private func pool() -> [MetricReading] {
        guard let handlerTimes else { return [] }
        let pool = handlerTimes.pool(on: scoreboard)
        func readings(_ size: PoolSize, _ which: String) -> [MetricReading] {
            [
                .number("panal.pool.workers", .gauge, Double(size.workers), [("size", which)]),
                .number("panal.pool.threads", .gauge, Double(size.threads), [("size", which)]),
            ]
        }
        let report = ConcurrencyReport(from: .nothing(at: handlerTimes.madeAt), to: handlerTimes.read())
        guard case .size(let size) = report.advice(within: pool.limits) else { return readings(pool.size, "current") }
        return readings(pool.size, "current") + readings(size, "recommended")
    }

    private func jobs() -> [MetricReading] {
        watch.jobs.flatMap { jobs -> [MetricReading] in
            let of = [("kind", jobs.kind), ("state", jobs.state.rawValue)]
            let count = MetricReading.number("panal.jobs", .gauge, Double(jobs.count), of)
            guard jobs.state == .queued || jobs.state == .dead else { return [count] }
            return [count, .number("panal.jobs.oldest.age", .gauge, jobs.age.seconds, of)]
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
                        bounds: HostReading.bounds.map(\.seconds),
                        counts: host.buckets,
                        sum: host.duration.seconds
                    )
                )
            )
            let failures = host.failures.sorted { $0.key.rawValue < $1.key.rawValue }.map { failure, count in
                MetricReading.number(
                    "panal.client.failures",
                    .counter,
                    Double(count),
                    name + [("error.type", failure.rawValue)]
                )
            }
            return [
                duration, .number("panal.client.retries", .counter, Double(host.retries), name),
                .number("panal.client.refusals", .counter, Double(host.refusals), name),
                .number("panal.client.circuit.open", .gauge, host.circuit == .closed ? 0 : 1, name),
            ] + failures
        }
    }
}
