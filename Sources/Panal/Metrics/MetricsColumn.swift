import Prefork

/// Which column of the metrics table is whose.
enum MetricsColumn {
    static let supervisor = 0
    static let ops = 1
    static let count = 2 + Scoreboard.capacity

    /// A worker's is its slot's: its successor there goes on with it.
    static func worker(_ slot: Int) -> Int { 2 + slot }
}
