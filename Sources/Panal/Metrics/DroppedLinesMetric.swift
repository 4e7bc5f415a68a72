import Telemetry

/// Where a process counts the log lines that it has dropped, so that they stay counted when it has left. One thread at a time
/// may.
final class DroppedLinesMetric {
    private let cell: MetricCell
    private let output: LogOutput
    private var counted: Int

    init(_ table: MetricsTable, _ output: LogOutput = .standardOutput) {
        cell = table.cell(MetricSeries(ServiceMetric.droppedLogLines, .counter))
        self.output = output
        counted = output.everDroppedLines
    }

    /// Counts those since the last time.
    func update() {
        let dropped = output.everDroppedLines
        guard dropped > counted else { return }
        cell.add(Int64(dropped - counted))
        counted = dropped
    }
}
