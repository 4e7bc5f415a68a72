/// What a metric's numbers mean, and with that how those of many processes become one.
public enum MetricKind: UInt64, Sendable, CaseIterable {
    /// Only rises. Its sum over all processes that ever were never goes back.
    case counter = 1
    /// A state of now, which ends with its process. Summed over the processes that live.
    case gauge
    /// How often something took how long, in the buckets of OpenTelemetry's HTTP conventions, in seconds.
    case durations
    /// How often something was how large, in buckets by powers of four.
    case sizes
    /// Durations in so many buckets that percentiles are at most an eighth too high. For few metrics: each takes sixteen places.
    case fineDurations
    /// Durations of what is often over in microseconds, such as a store's operations: OpenTelemetry's buckets of those, and four
    /// below them.
    case operationDurations = 8
    /// How many things belong together, from 1 on.
    case counts

    /// How many cells of the table a series takes.
    var cells: Int { self == .fineDurations ? 16 : 1 }

    /// The upper bounds of a histogram's buckets, without the last, which has none. Empty for what is none.
    var bounds: HistogramBounds? {
        switch self {
        case .counter, .gauge: nil
        case .durations: .durations
        case .sizes: .sizes
        case .operationDurations: .operationDurations
        case .counts: .counts
        case .fineDurations: .fineDurations
        }
    }
}
