/// A series as it was read: the sum of what all processes wrote.
public struct MetricReading: Sendable {
    /// Which.
    public let series: MetricSeries
    /// What it is now.
    public let value: Value

    /// What was read elsewhere, to be shown beside what a table holds.
    public init(series: MetricSeries, value: Value) {
        self.series = series
        self.value = value
    }

    /// A number or a histogram, as its kind says.
    public enum Value: Sendable {
        /// Of a counter or a gauge.
        case number(Double)
        /// Of durations or sizes.
        case histogram(Histogram)
    }

    /// How often values fell between which bounds.
    public struct Histogram: Sendable {
        /// The upper bound of each bucket but the last, which has none. Durations in seconds.
        public let bounds: [Double]
        /// One more than there are bounds.
        public let counts: [Int]
        /// Of all values; durations in seconds.
        public let sum: Double

        /// Counts by bucket: one more than there are bounds.
        public init(bounds: [Double], counts: [Int], sum: Double) {
            precondition(counts.count == bounds.count + 1, "the last bucket has no bound")
            self.bounds = bounds
            self.counts = counts
            self.sum = sum
        }

        /// How many values there were.
        public var count: Int { counts.reduce(0, +) }

        /// At most which value so large a part of all had: the upper bound of the bucket in which it falls, the last bound for
        /// what is above it. `nil` when there was none.
        /// - Parameter share: between 0 and 1, such as 0.99.
        public func quantile(_ share: Double) -> Double? {
            let count = count
            guard count > 0 else { return nil }
            var left = max(1, Int((share * Double(count)).rounded(.up)))
            for (bucket, found) in counts.enumerated() {
                left -= found
                if left <= 0 { return bounds[min(bucket, bounds.count - 1)] }
            }
            return bounds.last
        }

        /// What came after an earlier reading of the same series.
        public func since(_ earlier: Histogram) -> Histogram {
            Histogram(
                bounds: bounds,
                counts: zip(counts, earlier.counts).map { max(0, $0 - $1) },
                sum: max(0, sum - earlier.sum)
            )
        }
    }
}
