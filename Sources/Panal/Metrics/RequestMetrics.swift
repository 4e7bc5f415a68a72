import HTTPServer
import Linux
import Telemetry

/// Where one thread counts its requests. It belongs to that thread; what it writes is the worker's.
struct RequestMetrics {
    private let table: MetricsTable
    /// Of all requests, in many buckets: for percentiles.
    private let all: MetricCell
    /// By route, the last for those that none matched: a handful each, of which one is almost always the first.
    private var series: [[Series]]

    private struct Series {
        let status: Int
        let method: String
        let duration: MetricCell
    }

    init(_ table: MetricsTable, routes: Int) {
        self.table = table
        all = table.cell(MetricSeries(ServiceMetric.allRequestsDuration, .fineDurations))
        series = Array(repeating: [], count: routes + 1)
    }

    /// A request was answered.
    mutating func count(_ exchange: Exchange) {
        let nanoseconds = exchange.duration.nanoseconds
        all.record(nanoseconds)
        let index = min(exchange.routeIndex ?? series.count - 1, series.count - 1)
        let status = exchange.status
        // A route has one method, but for HEAD, which is answered as GET.
        if let first = series[index].first(where: { $0.status == status && exchange.isMethod($0.method) }) {
            return first.duration.record(nanoseconds)
        }
        let method = Self.known.contains(exchange.method) ? exchange.method : "_OTHER"
        var dimensions = [
            MetricSeries.Dimension("http.request.method", method),
            MetricSeries.Dimension("http.response.status_code", "\(status)"),
            MetricSeries.Dimension("url.scheme", "http"),
        ]
        if let route = exchange.route { dimensions.append(MetricSeries.Dimension("http.route", route)) }
        let cell = table.cell(MetricSeries(ServiceMetric.requestDuration, .durations, dimensions))
        series[index].append(Series(status: status, method: exchange.method, duration: cell))
        cell.record(nanoseconds)
        // Methods that nobody knows come without an end.
        if series[index].count > Self.mostSeries { series[index].removeAll() }
    }

    private static let mostSeries = 64
    /// RFC 9110 section 9, and PATCH (RFC 5789): what OpenTelemetry's `http.request.method` names.
    static let known: Set<String> = [
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    ]
}
