import HTTPServer
import Linux
import Telemetry

/// Where one thread counts its requests. It belongs to that thread; what it writes is the worker's.
struct RequestMetrics {
    private let table: MetricsTable
    /// Of all requests, in many buckets: for percentiles.
    private let all: MetricCell
    private let queueDelay: MetricCell
    private let received: MetricCell
    private let sent: MetricCell
    /// By route, the last for those that none matched: a handful each, of which one is almost always the first.
    private var series: [[Series]]
    /// By route: what asks after the service's health is no request of somebody's.
    private let isProbe: [Bool]

    private struct Series {
        let status: Int
        let method: String
        let duration: MetricCell
        let requestSize: MetricCell
        let responseSize: MetricCell
    }

    init(_ table: MetricsTable, routes: [Route]) {
        self.table = table
        all = table.cell(MetricSeries(ServiceMetric.allRequestsDuration, .fineDurations))
        queueDelay = table.cell(MetricSeries(ServiceMetric.queueDelay, .durations))
        func bytes(_ direction: String) -> MetricCell {
            table.cell(MetricSeries(ServiceMetric.networkIO, .counter, [.init("network.io.direction", direction)]))
        }
        received = bytes("receive")
        sent = bytes("transmit")
        series = Array(repeating: [], count: routes.count + 1)
        isProbe = routes.map { Router.isProbe($0.pattern) }
    }

    /// A request was answered.
    mutating func count(_ exchange: Exchange) {
        let index = exchange.routeIndex ?? series.count - 1
        if index < isProbe.count, isProbe[index] { return }
        let nanoseconds = exchange.duration.nanoseconds
        all.record(nanoseconds)
        received.add(Int64(exchange.bytesIn))
        sent.add(Int64(exchange.bytesOut))
        let refusal = exchange.refusal
        if refusal == nil || refusal == .overloaded { queueDelay.record(exchange.queueDelay.nanoseconds) }
        if let refusal { count(refusal, exchange.status) }
        let place = place(of: exchange, in: min(index, series.count - 1))
        series[index][place].duration.record(nanoseconds)
        series[index][place].requestSize.record(Int64(exchange.requestBodySize))
        series[index][place].responseSize.record(Int64(exchange.responseBodySize))
    }

    /// One of ten methods and of as many statuses as handlers give: a client cannot make more of them.
    private mutating func place(of exchange: Exchange, in index: Int) -> Int {
        let (status, method) = (exchange.status, exchange.knownMethod)
        // A route has one method, but for HEAD, which is answered as GET.
        for place in series[index].indices
        where series[index][place].status == status && series[index][place].method == method { return place }
        var dimensions = [
            MetricSeries.Dimension("http.request.method", method),
            MetricSeries.Dimension("http.response.status_code", "\(status)"),
            MetricSeries.Dimension("url.scheme", "http"),
        ]
        if let route = exchange.route { dimensions.append(MetricSeries.Dimension("http.route", route)) }
        func cell(_ name: String, _ kind: MetricKind) -> MetricCell {
            table.cell(MetricSeries(name, kind, dimensions))
        }
        series[index].append(
            Series(
                status: status,
                method: method,
                duration: cell(ServiceMetric.requestDuration, .durations),
                requestSize: cell(ServiceMetric.requestBodySize, .sizes),
                responseSize: cell(ServiceMetric.responseBodySize, .sizes)
            )
        )
        return series[index].count - 1
    }

    private func count(_ refusal: RequestRefusal, _ status: Int) {
        func add(_ name: String, _ dimension: String, _ value: String) {
            table.cell(MetricSeries(name, .counter, [MetricSeries.Dimension(dimension, value)])).add()
        }
        add(ServiceMetric.refusedRequests, "reason", refusal.rawValue)
        if refusal.isParseError { add(ServiceMetric.parseErrors, "http.response.status_code", "\(status)") }
    }
}
