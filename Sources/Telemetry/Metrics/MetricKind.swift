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

    /// How many buckets of a histogram have an upper bound; 0 for what is none.
    var boundCount: Int {
        switch self {
        case .counter, .gauge: 0
        case .operationDurations: 13
        case .durations, .sizes, .counts: 14
        case .fineDurations: 248
        }
    }

    /// The first bucket whose bound is not below a value, the number of bounds when none is: as ``bounds`` has it, but without
    /// a look at memory, because it is asked for several times with each request.
    /// - Parameter value: not below zero.
    @inline(__always)
    func bucket(of value: Int64) -> Int {
        switch self {
        case .counter, .gauge: return 0
        case .durations:
            if value <= HistogramBounds.shortestDuration { return 0 }
            return HistogramBounds.durations.bucket(of: value)
        case .sizes:
            if value <= 64 { return 0 }
            return min((64 - (value - 1).leadingZeroBitCount - 5) / 2, boundCount)
        case .operationDurations: return HistogramBounds.operationDurations.bucket(of: value)
        case .counts: return HistogramBounds.counts.bucket(of: value)
        case .fineDurations:
            if value <= 1024 { return 0 }
            let below = value - 1
            let octave = 63 - below.leadingZeroBitCount - 10
            return min(octave * 8 + Int((below >> (Int64(octave) + 7)) & 7) + 1, boundCount)
        }
    }

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
