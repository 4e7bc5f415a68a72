/// The row a statement stands on, readable inside the closure it is given to.
///
/// ```swift
/// let names = try database.all("SELECT id, name FROM room ORDER BY id") { row in
///     (id: try row["id"] as Int, name: try row["name"] as String)
/// }
/// ```
public struct Row: ~Copyable {
    @usableFromInline let statement: Statement

    @usableFromInline
    init(of statement: Statement) {
        self.statement = statement
    }

    /// The value in the column with this name.
    /// - Throws: `DatabaseError.corrupted` when it is none of this type, `.failed` when there is no such column.
    @inlinable
    public subscript<Value: ColumnValue>(_ name: String) -> Value {
        get throws(DatabaseError) { try Value(row: self, column: try column(name)) }
    }

    /// The value in the column with this number, from 0.
    /// - Throws: `DatabaseError.corrupted` when it is none of this type.
    @inlinable
    public subscript<Value: ColumnValue>(_ column: Int) -> Value {
        get throws(DatabaseError) { try Value(row: self, column: column) }
    }

    /// A value made from what is in the column with this name.
    /// - Parameters:
    ///   - name: The column's.
    ///   - make: Nil for what no release can have written.
    /// - Throws: `DatabaseError.corrupted` when nothing can be made of it.
    @inlinable
    public func value<Stored: ColumnValue, Value>(
        _ name: String,
        _ make: (Stored) -> Value?
    ) throws(DatabaseError) -> Value {
        let column = try column(name)
        guard let value = make(try Stored(row: self, column: column)) else { throw corrupted(column) }
        return value
    }

    /// The number of the column with this name, from 0.
    /// - Throws: `DatabaseError.failed` when there is none.
    @inlinable
    public func column(_ name: String) throws(DatabaseError) -> Int { try statement.column(named: name) }

    /// Whether there is nothing in the column.
    public func isNull(_ column: Int) -> Bool { statement.isNull(column) }

    /// The number in a column, 0 for what is none.
    public func integer(_ column: Int) -> Int64 { statement.integer(column) }

    /// The text in a column.
    /// - Throws: `DatabaseError.corrupted` when there is none.
    @inlinable
    public func text(_ column: Int) throws(DatabaseError) -> String {
        guard let text = statement.text(column) else { throw corrupted(column) }
        return text
    }

    /// The value in a column, whatever its kind is.
    /// - Throws: `DatabaseError.corrupted` for a text that is not UTF-8.
    public func stored(_ column: Int) throws(DatabaseError) -> DatabaseValue {
        switch statement.storage(column) {
        case .null: .null
        case .integer: .integer(statement.integer(column))
        case .real: .real(statement.real(column))
        case .text: .text(try text(column))
        case .blob:
            if let bytes = statement.blob(column) { .blob(bytes) } else { throw corrupted(column) }
        }
    }

    /// What to throw when a column does not hold what it must.
    public func corrupted(_ column: Int) -> DatabaseError {
        .corrupted("column \(statement.columnName(column)) holds what no release wrote")
    }

    /// What to throw when the column with this name does not hold what it must.
    public func corrupted(_ name: String) -> DatabaseError {
        .corrupted("column \(name) holds what no release wrote")
    }
}
