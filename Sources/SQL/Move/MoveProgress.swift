/// How far a move is.
public struct MoveProgress: Hashable, Sendable, CustomStringConvertible {
    /// What is being done.
    public enum Step: String, Sendable {
        /// Rows are written to the new database.
        case copying
        /// Both databases are read.
        case comparing
    }

    /// What is being done.
    public let step: Step
    /// With which table.
    public let table: String
    /// How many rows of all tables are behind it.
    public let rows: Int
    /// How many rows all tables have.
    public let total: Int

    /// One line for an operator: `copying booking, 350000 of 1000000 rows, 35 %`.
    public var description: String {
        "\(step.rawValue) \(table), \(rows) of \(total) rows, \(total == 0 ? 100 : rows * 100 / total) %"
    }
}
