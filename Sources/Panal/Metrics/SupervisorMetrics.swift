import HTTPServer
import Linux
import Prefork
import Telemetry

/// Where the supervisor counts the ends of its children and of its rolls.
struct SupervisorMetrics {
    private let table: MetricsTable

    init(_ table: MetricsTable) {
        self.table = table
    }

    /// Makes the series of what should not happen, so that they are zero before it does: who watches a counter that begins with
    /// its first event does not see that one.
    func makeZeros() {
        for cause in ExitCause.allCases { _ = exits("worker", cause.rawValue) }
        for outcome in RollOutcome.allCases { _ = rolls(outcome) }
        _ = table.cell(MetricSeries(ServiceMetric.droppedLogLines, .counter))
    }

    /// The same of what a worker refuses.
    func makeRequestZeros() {
        for reason in RequestRefusal.allCases {
            _ = table.cell(MetricSeries(ServiceMetric.refusedRequests, .counter, [.init("reason", reason.rawValue)]))
        }
    }

    private enum RollOutcome: String, CaseIterable {
        case done
        case brokenOff = "broken off"
        case givenUp = "given up"
    }

    private func exits(_ process: String, _ cause: String) -> MetricCell {
        table.cell(
            MetricSeries(ServiceMetric.childExits, .counter, [.init("process", process), .init("cause", cause)])
        )
    }

    private func rolls(_ outcome: RollOutcome) -> MetricCell {
        table.cell(MetricSeries(ServiceMetric.rolls, .counter, [.init("outcome", outcome.rawValue)]))
    }

    /// A child has ended.
    func exited(_ process: String, _ cause: String) { exits(process, cause).add() }

    /// A roll has ended: its report.
    func rolled(_ notice: Notice) {
        switch notice.level {
        case .info: rolls(.done).add()
        case .warning: rolls(.brokenOff).add()
        case .error: rolls(.givenUp).add()
        }
        if case .duration(let took)? = notice["took"] {
            table.cell(MetricSeries(ServiceMetric.rollDuration, .durations)).record(took.nanoseconds)
            table.cell(MetricSeries(ServiceMetric.lastRollDuration, .gauge)).set(took.seconds)
        }
        guard case .integers(let replaced)? = notice["replaced"], case .integer(let killed)? = notice["killed"],
            case .integers(let drained)? = notice["drainedRequests"]
        else { return }
        for (how, count) in [("left", replaced.count - killed), ("killed", killed)] {
            table.cell(MetricSeries(ServiceMetric.rollWorkers, .counter, [.init("how", how)])).add(Int64(count))
        }
        table.cell(MetricSeries(ServiceMetric.rollDrainedRequests, .counter)).add(Int64(drained.reduce(0, +)))
    }
}
