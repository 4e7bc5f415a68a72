/// A table that is moved: its names in both databases, and what of it both have.
struct MovedTable: Sendable {
    /// A column that both have.
    struct Column: Sendable {
        /// Its name in SQLite.
        let source: String
        /// Its name in PostgreSQL.
        let target: String
        /// Its type in PostgreSQL without its limits, such as `numeric`: what a text is made into on its way in. The limits,
        /// as of `varchar(10)`, are then checked; an explicit cast would cut the text off instead.
        let type: String
        /// The same with its limits.
        let fullType: String
        /// How its values are written as text.
        let form: Form
        /// The sequence that gives it new values, nil for most.
        let sequence: String?
    }

    /// How the values of a column look as text, on both sides.
    enum Form: Sendable {
        /// As they are: texts and whole numbers.
        case plain
        /// `\x` and hexadecimal digits.
        case bytes
        /// As PostgreSQL writes them, whatever the text was that it read: `{"a": 1}` for `{"a":1}`.
        case asTypeWrites
    }

    /// Its name in SQLite.
    let source: String
    /// Its name in PostgreSQL.
    let target: String
    let columns: [Column]
    /// What its rows are put in order by: the terms of an ORDER BY in SQLite. A copy that goes on finds its place by it.
    let order: String
    /// How many rows SQLite has.
    let rows: Int
    /// Whether inserts run triggers that a migration has made.
    let hasTriggers: Bool
    /// Columns that SQLite alone has.
    let leftOut: [String]
}

/// A name as both databases take it in a statement.
func quoted(_ name: String) -> String {
    "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}
