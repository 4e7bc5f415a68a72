/// Into which bucket of a histogram a value falls.
///
/// Durations are whole nanoseconds, sizes whole numbers: a bucket holds what is at most its upper bound and above the one
/// before.
struct HistogramBounds: Sendable {
    /// In the unit that is recorded, ascending.
    let upper: [Int64]
    /// How many of that unit are one of the unit that is reported.
    let scale: Double

    /// The first bound of ``durations``, which most requests stay below: 5 ms.
    static let shortestDuration: Int64 = 5_000_000

    /// The fourteen of OpenTelemetry's `http.server.request.duration`: from 5 ms to 10 s.
    static let durations = HistogramBounds(
        upper: [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000].map { $0 * 1_000_000 },
        scale: 1e9
    )

    /// Those of OpenTelemetry's `db.client.operation.duration`, from 1 ms to 10 s, and four below: to SQLite a millisecond is long.
    static let operationDurations = HistogramBounds(
        upper: [10, 30, 100, 300, 1_000, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000, 10_000_000]
            .map { $0 * 1_000 },
        scale: 1e9
    )

    /// Each number at first, then wider.
    static let counts = HistogramBounds(upper: [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 1024], scale: 1)

    /// From 64 B to 4 GB, a power of four each.
    static let sizes = HistogramBounds(upper: (3...16).map { 1 << (2 * $0) }, scale: 1)

    /// Eight for each doubling, from 1.024 µs on: the last bound is about half an hour.
    static let fineDurations = HistogramBounds(
        upper: (0..<248).map { index in
            let (octave, eighth) = (index / 8, Int64(index % 8))
            return (Int64(1024) << octave) + (Int64(128) << octave) * eighth
        },
        scale: 1e9
    )

    /// The first bucket whose bound is not below the value; the number of bounds when none is.
    func bucket(of value: Int64) -> Int {
        var (low, high) = (0, upper.count)
        while low < high {
            let middle = (low + high) / 2
            if upper[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
