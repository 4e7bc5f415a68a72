public import CoreMetrics
import Linux

/// swift-metrics on a ``MetricsTable``: what libraries and a service's own code count by `Counter(label:)`, `Gauge(label:)`,
/// `Timer(label:)` and `Recorder(label:)` is the sum over all processes.
///
/// Timers and aggregating recorders are histograms, of seconds and of whole numbers; other recorders and meters are gauges.
public struct SharedMetrics: MetricsFactory {
    /// Where they are kept.
    public let table: MetricsTable

    /// Metrics in a table.
    public init(_ table: MetricsTable) {
        self.table = table
    }

    private func cell(_ label: String, _ kind: MetricKind, _ dimensions: [(String, String)]) -> MetricCell {
        table.cell(MetricSeries(label, kind, dimensions.map { MetricSeries.Dimension($0.0, $0.1) }))
    }

    /// A counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        CellHandler(cell(label, .counter, dimensions))
    }

    /// A gauge that code sets.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        CellHandler(cell(label, .gauge, dimensions))
    }

    /// A histogram of sizes, or a gauge when it does not aggregate.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        CellHandler(cell(label, aggregate ? .sizes : .gauge, dimensions))
    }

    /// A histogram of durations.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        CellHandler(cell(label, .durations, dimensions))
    }

    /// Nothing: what was counted stays.
    public func destroyCounter(_ handler: any CounterHandler) {}
    /// Nothing: what was counted stays.
    public func destroyMeter(_ handler: any MeterHandler) {}
    /// Nothing: what was counted stays.
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    /// Nothing: what was counted stays.
    public func destroyTimer(_ handler: any TimerHandler) {}
}

/// Writes one cell, as whatever swift-metrics asks for.
private final class CellHandler: CounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    private let cell: MetricCell

    init(_ cell: MetricCell) {
        self.cell = cell
    }

    func increment(by amount: Int64) { cell.add(amount) }
    /// Of a sum over processes nobody may take a part away.
    func reset() {}

    func set(_ value: Int64) { cell.set(Double(value)) }
    func set(_ value: Double) { cell.set(value) }
    func increment(by amount: Double) { cell.change(by: amount) }
    func decrement(by amount: Double) { cell.change(by: -amount) }

    func record(_ value: Int64) { cell.kind == .gauge ? cell.set(Double(value)) : cell.record(value) }
    func record(_ value: Double) {
        if cell.kind == .gauge { return cell.set(value) }
        cell.record(value < Self.largest ? Int64(exactly: value.rounded()) ?? 0 : Int64(Self.largest))
    }

    /// Beyond it sums would not be exact, and soon none.
    private static let largest = Double(1 << 53)

    func recordNanoseconds(_ duration: Int64) { cell.record(duration) }
}
