import HTTPServer
import Linux
import Telemetry
import Values

/// What a service did between two samples, by the second, and what it used at the later one.
struct ServiceRates {
    /// How long it was.
    let interval: Duration
    /// Requests per second; `nil` when nobody counts them.
    let requests: Double?
    /// Of these, answered with a 5xx status.
    let failures: Double?
    /// At most how long half of the requests took, in seconds, and 95 and 99 of a hundred; `nil` when there was none.
    let median: Double?
    let percentile95: Double?
    let percentile99: Double?
    /// Processors that all processes together kept busy.
    let processors: Double
    /// Bytes, of all processes together.
    let memory: Int
    /// Which part of the time handlers waited for something else than a processor; `nil` when none ran.
    let waitingShare: Double?
    let connections: Int
    let inFlight: Int
    let waiting: Int
    /// Processors that each process kept busy.
    let processorsOfProcess: [Int32: Double]

    init(from earlier: ServiceSample, to later: ServiceSample) {
        interval = later.time - earlier.time
        let seconds = max(1e-9, interval.seconds)
        let handlers = later.handlers.map { later in
            ConcurrencyReport(from: earlier.handlers ?? .nothing(at: earlier.time), to: later).total
        }
        // A series appears with the first request.
        let none = later.requests.map {
            MetricReading.Histogram(bounds: $0.bounds, counts: $0.counts.map { _ in 0 }, sum: 0)
        }
        let histogram = (earlier.requests ?? none).flatMap { later.requests?.since($0) }
        if let histogram {
            requests = Double(histogram.count) / seconds
            failures = Double(max(0, later.failures - earlier.failures)) / seconds
        } else {
            // Handlers that ended are what can be seen without.
            requests = handlers.map { Double(max(0, $0.requests)) / seconds }
            failures = nil
        }
        median = histogram?.quantile(0.5)
        percentile95 = histogram?.quantile(0.95)
        percentile99 = histogram?.quantile(0.99)
        waitingShare = handlers?.waitingShare
        // A process that has begun meanwhile has used all of its time in it.
        processorsOfProcess = Dictionary(
            uniqueKeysWithValues: later.usage.map { pid, usage in
                let before = earlier.usage[pid]?.processorTime ?? 0
                return (pid, max(0, usage.processorTime - before) / seconds)
            }
        )
        processors = processorsOfProcess.values.reduce(0, +)
        memory = later.usage.values.reduce(0) { $0 + $1.memory }
        connections = later.connections
        inFlight = later.inFlight
        waiting = later.waiting
    }

    /// The members of a JSON object, short because there are many of them: `t` is the time in milliseconds since 1970, percentiles
    /// are in milliseconds.
    func write(to json: inout JSONWriter, at time: Timestamp) {
        func member(_ name: StaticString, _ value: Double?, scale: Double = 1) {
            guard let value else { return }
            json.member(name, (value * scale * 1000).rounded() / 1000)
        }
        json.member("t", Int(time.microsecondsSinceEpoch / 1000))
        member("rate", requests)
        member("errors", failures)
        member("p50", median, scale: 1000)
        member("p95", percentile95, scale: 1000)
        member("p99", percentile99, scale: 1000)
        member("cpu", processors)
        json.member("memory", memory)
        member("io", waitingShare)
        json.member("connections", connections)
        json.member("inFlight", inFlight)
        json.member("waiting", waiting)
    }
}
