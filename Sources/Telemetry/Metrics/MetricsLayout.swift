/// Where everything is in the memory of a ``MetricsTable``, in bytes.
///
/// A page for what concerns all; the index, by which a series is found; the series' descriptions; then a column for each
/// process, in which each series has its cell. Only what is used costs memory.
struct MetricsLayout: Sendable {
    /// Changes whenever a reader of the former layout would be misled.
    static let currentVersion: UInt64 = 1

    static let version = 0
    static let columnCount = 8
    /// How many entries have been given out.
    static let entries = 64
    /// How many series found no place of their own.
    static let overflowed = 128
    /// Whether somebody has been told of that.
    static let overflowIsTold = 136

    /// How many series there are at most, and how many of one metric.
    static let capacity = 2048
    static let seriesOfAMetric = 256
    /// A hash in the upper and an entry in the lower half of each word; twice as many as entries, so that searches are short.
    static let indexSize = 2 * capacity

    private static let firstIndex = 4096
    static func index(_ place: Int) -> Int { firstIndex + place * 8 }

    private static let firstEntry = firstIndex + indexSize * 8
    static let entrySize = 512
    static func entry(_ number: Int) -> Int { firstEntry + number * entrySize }

    /// Relative to an entry.
    enum Entry {
        static let kind = 0
        static let nameHash = 8
        static let textLength = 16
        static let text = 24
        static let textRoom = entrySize - text
    }

    /// Whether each column was ever used.
    private static let firstUse = firstEntry + capacity * entrySize
    static func use(_ column: Int) -> Int { firstUse + column * 8 }

    /// Two cache lines: fourteen buckets, the one without a bound, and the sum. A counter or gauge uses the first word.
    static let cellSize = 128
    static let columnSize = capacity * cellSize

    let columns: Int

    private var firstColumn: Int { (Self.firstUse + columns * 8 + 4095) / 4096 * 4096 }
    func column(_ number: Int) -> Int { firstColumn + number * Self.columnSize }
    var size: Int { column(columns) }
}
