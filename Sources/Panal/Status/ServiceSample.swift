import Linux
import Prefork
import Telemetry

/// What a service has done until a moment, and what it uses then. The difference of two is a ``ServiceRates``.
struct ServiceSample {
    var time: MonotonicInstant
    /// How long all requests took; `nil` where nobody counts.
    var requests: MetricReading.Histogram?
    /// Requests that were answered with a 5xx status.
    var failures = 0
    /// What handlers took; `nil` for a service that measures nothing.
    var handlers: HandlerTimesReading?
    /// Of each process, by its id.
    var usage: [Int32: Usage] = [:]
    var connections = 0
    var inFlight = 0
    var waiting = 0

    /// What a process uses.
    struct Usage {
        /// Seconds on a processor since it began.
        var processorTime: Double
        /// Its proportional share, in bytes.
        var memory: Int
    }
}

/// Where samples of one service come from.
struct ServiceSampler {
    let scoreboard: Scoreboard
    /// `nil` where nobody counts.
    let metrics: MetricsTable?
    let handlerTimes: HandlerTimesTable?
    /// The processes beside the workers.
    let processes: [Int32]

    private static let metricNames: Set = [ServiceMetric.requestDuration, ServiceMetric.allRequestsDuration]

    /// As it is now.
    /// - Parameter former: From which a process's memory is taken, because the kernel counts that page by page; `nil` to have
    ///   it counted.
    func sample(memoryOf former: ServiceSample? = nil) -> ServiceSample {
        var sample = ServiceSample(time: .now)
        let workers = scoreboard.workers
        sample.connections = workers.reduce(0) { $0 + $1.connections }
        sample.inFlight = workers.reduce(0) { $0 + $1.requestsInFlight.count }
        sample.waiting = workers.reduce(0) { $0 + $1.waiting }
        sample.handlers = handlerTimes?.read(at: sample.time)
        for reading in metrics?.read(Self.metricNames) ?? [] {
            guard case .histogram(let histogram) = reading.value else { continue }
            if reading.series.name == ServiceMetric.allRequestsDuration {
                sample.requests = histogram
            } else if reading.series.dimensions.contains(where: Self.isFailure) {
                sample.failures += histogram.count
            }
        }
        for pid in processes + workers.map(\.pid) where pid > 0 {
            guard let time = ProcessUsage.processorTime(of: pid) else { continue }
            let memory = former?.usage[pid]?.memory ?? ProcessUsage.memory(of: pid) ?? 0
            sample.usage[pid] = ServiceSample.Usage(processorTime: time, memory: memory)
        }
        return sample
    }

    private static func isFailure(_ dimension: MetricSeries.Dimension) -> Bool {
        dimension.name == "http.response.status_code" && dimension.value.hasPrefix("5")
    }
}
