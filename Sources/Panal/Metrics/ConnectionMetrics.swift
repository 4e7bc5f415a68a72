import HTTPServer
import Telemetry

/// Where a worker counts what becomes of its connections.
struct ConnectionMetrics {
    private let accepted: MetricCell
    private let refused: MetricCell
    private let passedOn: MetricCell
    private let received: MetricCell

    init(_ table: MetricsTable) {
        func cell(_ name: String) -> MetricCell { table.cell(MetricSeries(name, .counter)) }
        accepted = cell(ServiceMetric.acceptedConnections)
        refused = cell(ServiceMetric.refusedConnections)
        passedOn = cell(ServiceMetric.passedOnConnections)
        received = cell(ServiceMetric.receivedConnections)
    }

    func count(_ event: ConnectionEvent) {
        switch event {
        case .accepted: accepted.add()
        case .refused: refused.add()
        case .passedOn: passedOn.add()
        case .received: received.add()
        }
    }
}
