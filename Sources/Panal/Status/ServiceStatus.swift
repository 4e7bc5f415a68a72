import HTTPClient
import HTTPServer
import Linux
import Prefork
import Telemetry

/// What a running service does: its workers, what its handlers spend their time on, and what size of the pool that calls
/// for.
struct ServiceStatus {
    struct Worker {
        var number: Int
        var pid: Int32
        var generation: Int
        var phase: WorkerPhase
        /// Since it became ready; `nil` before.
        var age: Duration?
        var requests: Int
        var connections: Int
        /// `nil` when it has not said.
        var freeThreads: Int?
        /// Threads that are in a request which takes long.
        var busyThreads = 0
        var waiting: Int
        var inFlight: [RequestInFlight]
    }

    struct RequestInFlight {
        /// Method and path.
        var label: String
        var id: String
        /// Since when.
        var age: Duration?
        /// Which of the worker's threads is in it, from 0 on.
        var thread: Int?
        /// Until it has to be over; negative when that is past.
        var timeLeft: Duration?
    }

    var supervisor: Int32
    var isStopping: Bool
    var workers: [Worker]
    /// `nil` when the service measures nothing.
    var concurrency: Concurrency?
    /// What came of calls to other services, by host; empty when there were none.
    var hosts: [HostReading] = []

    struct Concurrency {
        var report: ConcurrencyReport
        var pool: PoolState
    }

    /// What can be seen of a service from outside.
    init(
        supervisor: Int32,
        _ scoreboard: Scoreboard,
        concurrency: Concurrency?,
        hosts: [HostReading],
        at now: MonotonicInstant = .now
    ) {
        self.hosts = hosts
        self.supervisor = supervisor
        isStopping = scoreboard.isStopping
        self.concurrency = concurrency
        workers = scoreboard.workers.map { slot in
            Worker(
                number: slot.number,
                pid: slot.pid,
                generation: slot.generation,
                phase: slot.phase,
                age: slot.readyAt.map { now - $0 },
                requests: slot.requests,
                connections: slot.connections,
                freeThreads: slot.freeThreads,
                busyThreads: slot.running,
                waiting: slot.waiting,
                inFlight: slot.lanes.compactMap { lane in
                    guard lane.busySince != nil, let box = lane.blackBox else { return nil }
                    return RequestInFlight(
                        label: box.label,
                        id: box.id,
                        age: box.startedAt.map { now - $0 },
                        thread: lane.index,
                        timeLeft: box.deadline.map { $0 - now }
                    )
                }
            )
        }
    }

    init(
        supervisor: Int32,
        isStopping: Bool,
        workers: [Worker],
        concurrency: Concurrency?,
        hosts: [HostReading] = []
    ) {
        self.hosts = hosts
        self.supervisor = supervisor
        self.isStopping = isStopping
        self.workers = workers
        self.concurrency = concurrency
    }
}

// MARK: - For people

extension ServiceStatus {
    /// Lines for a terminal, with a line break behind the last.
    var text: String {
        var parts = ["supervisor \(supervisor)\(isStopping ? ", stopping" : "")", workersText]
        let inFlight = workers.flatMap { worker in
            worker.inFlight.map { request in
                "worker \(worker.number): \(request.label), \(request.age?.short ?? "?"), request id \(request.id)"
            }
        }
        if !inFlight.isEmpty { parts.append("in flight:\n" + inFlight.joined(separator: "\n")) }
        if let concurrency { parts += [concurrency.text] }
        if !hosts.isEmpty { parts.append("calls out since the start:\n" + hostsText) }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var hostsText: String {
        var table = TextTable("host", "attempts", "retries", "failed", "not made", "mean ms", "circuit")
        for host in hosts {
            table.add(
                host.host,
                "\(host.attempts)",
                "\(host.retries)",
                "\(host.failures.values.reduce(0, +))",
                "\(host.refusals)",
                (host.meanSeconds * 1000).text(decimals: 3),
                host.circuit.word
            )
        }
        return table.text
    }

    /// A table of them.
    var workersText: String {
        var table = TextTable(
            "worker",
            "pid",
            "generation",
            "phase",
            "age",
            "requests",
            "connections",
            "free threads",
            "waiting",
            "in flight"
        )
        for worker in workers {
            table.add(
                "\(worker.number)",
                "\(worker.pid)",
                "\(worker.generation)",
                worker.phase.word,
                worker.age?.short ?? "-",
                "\(worker.requests)",
                "\(worker.connections)",
                worker.freeThreads.map(String.init) ?? "-",
                "\(worker.waiting)",
                "\(worker.inFlight.count)"
            )
        }
        return table.text
    }
}

extension ServiceStatus.Concurrency {
    fileprivate var text: String {
        "time in handlers in \(report.interval.short):\n\(routesText)\n\n\(adviceText)"
    }

    /// A table of the routes that were asked for.
    var routesText: String {
        var table = TextTable("route", "requests", "per second", "mean ms", "I/O %", "concurrency")
        for route in report.routes + [ConcurrencyReport.Route(name: "all", times: report.total)] {
            let times = route.times
            table.add(
                route.name,
                "\(times.requests)",
                report.rate(of: times).text(decimals: 2),
                (Double(times.meanWall) / 1e6).text(decimals: 3),
                times.waitingShare.map { ($0 * 100).text(decimals: 0) } ?? "-",
                report.concurrency(of: times).text(decimals: 3)
            )
        }
        return table.text
    }

    /// What size of the pool they call for.
    var adviceText: String {
        let processors = "\(pool.limits.processors.text(decimals: 1)) processors"
        let now = "configured: \(pool.size.text)"
        switch report.advice(within: pool.limits) {
        case .tooFewRequests: return "recommended: \(PoolAdvice.tooFewRequestsText); \(now)"
        case .size(let size): return "recommended for \(processors): \(size.text); \(now)"
        }
    }
}

extension PoolSize {
    fileprivate var text: String { "\(workers) workers × \(threads) threads" }
}

extension WorkerPhase {
    /// As logs and people name it.
    var word: String {
        switch self {
        case .vacant: "vacant"
        case .booting: "booting"
        case .ready: "ready"
        case .draining: "draining"
        }
    }
}

extension Duration {
    /// As people say it: `1.250s`, `12m 3s`, `5h 2m`, `3d 4h`.
    var short: String {
        let seconds = Int(components.seconds)
        if seconds < 60 { return (Double(nanoseconds) / 1e9).text(decimals: 3) + "s" }
        if seconds < 3600 { return "\(seconds / 60)m \(seconds % 60)s" }
        if seconds < 86_400 { return "\(seconds / 3600)h \(seconds % 3600 / 60)m" }
        return "\(seconds / 86_400)d \(seconds % 86_400 / 3600)h"
    }
}

// MARK: - For programs

extension ServiceStatus {
    /// One JSON object on one line. Times are in milliseconds and seconds as their names say; what is not known is left out.
    var json: String {
        var json = JSONWriter(capacity: 4096)
        json.object { json in
            json.member("supervisor", Int(supervisor))
            json.member("stopping", isStopping)
            json.key("workers")
            json.array { json in
                for worker in workers { json.object { json in worker.write(to: &json) } }
            }
            if let concurrency { concurrency.write(to: &json) }
            guard !hosts.isEmpty else { return }
            json.key("callsOut")
            json.array { json in
                for host in hosts { json.object { json in host.write(to: &json) } }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }
}

extension HostReading {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("host", host)
        json.member("attempts", attempts)
        json.member("retries", retries)
        json.key("failures")
        json.array { json in
            for failure in Failure.allCases {
                guard let count = failures[failure] else { continue }
                json.object { json in
                    json.member("kind", failure.rawValue)
                    json.member("count", count)
                }
            }
        }
        json.member("notMade", refusals)
        json.member("meanMs", meanSeconds * 1000)
        json.member("circuit", circuit.word)
    }

    fileprivate var meanSeconds: Double { attempts == 0 ? 0 : duration.seconds / Double(attempts) }
}

extension CircuitState {
    fileprivate var word: String {
        switch self {
        case .closed: "closed"
        case .open: "open"
        case .halfOpen: "half-open"
        }
    }
}

extension ServiceStatus.Worker {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("number", number)
        json.member("pid", Int(pid))
        json.member("generation", generation)
        json.member("phase", phase.word)
        if let age { json.member("ageSeconds", age.seconds) }
        json.member("requests", requests)
        json.member("connections", connections)
        if let freeThreads { json.member("freeThreads", freeThreads) }
        json.member("busyThreads", busyThreads)
        json.member("waiting", waiting)
        json.key("inFlight")
        json.array { json in
            for request in inFlight {
                json.object { json in
                    json.member("request", request.label)
                    json.member("requestId", request.id)
                    if let age = request.age { json.member("durationMs", age.seconds * 1000) }
                    if let thread = request.thread { json.member("thread", thread) }
                    if let left = request.timeLeft { json.member("timeLeftMs", left.seconds * 1000) }
                }
            }
        }
    }
}

extension ServiceStatus.Concurrency {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("intervalSeconds", report.interval.seconds)
        json.key("routes")
        json.array { json in
            for route in report.routes {
                json.object { json in
                    json.member("route", route.name)
                    write(route.times, to: &json)
                }
            }
        }
        json.key("total")
        json.object { json in write(report.total, to: &json) }
        json.member("processors", pool.limits.processors)
        json.key("configured")
        json.object { json in pool.size.write(to: &json) }
        guard case .size(let size) = report.advice(within: pool.limits) else { return }
        json.key("recommended")
        json.object { json in size.write(to: &json) }
    }

    private func write(_ times: HandlerTimes, to json: inout JSONWriter) {
        json.member("requests", times.requests)
        json.member("perSecond", report.rate(of: times))
        json.member("meanMs", Double(times.meanWall) / 1e6)
        if let share = times.waitingShare { json.member("ioShare", share) }
        json.member("concurrency", report.concurrency(of: times))
        json.member("wallSeconds", Double(times.wall) / 1e9)
        json.member("processorSeconds", Double(times.processor) / 1e9)
        json.member("runQueueSeconds", Double(times.runQueue) / 1e9)
    }
}

extension PoolSize {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("workers", workers)
        json.member("threads", threads)
    }
}

extension Duration {
    var seconds: Double { Double(nanoseconds) / 1e9 }
}
