public import Values

extension ColumnValue where Self: Validated, Raw: ColumnValue {
    /// The raw form.
    @inlinable public var databaseValue: DatabaseValue { raw.databaseValue }

    /// Reads a raw form that keeps the rule.
    @inlinable
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        guard let value = Self(try Raw(row: row, column: column)) else { throw row.corrupted(column) }
        self = value
    }
}

// As their raw form. Days as text sort as days, and anyone can read them in a database's shell.
extension CivilDate: ColumnValue {}
extension Currency: ColumnValue {}
extension EmailAddress: ColumnValue {}
extension Identifier: ColumnValue {}
extension MultilineText: ColumnValue {}
extension Slug: ColumnValue {}
extension Text: ColumnValue {}
extension WholeNumber: ColumnValue {}

extension Timestamp: ColumnValue {
    /// Microseconds since 1970 in UTC.
    @inlinable public var databaseValue: DatabaseValue { .integer(microsecondsSinceEpoch) }

    /// Reads microseconds since 1970 in UTC.
    @inlinable
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        self.init(microsecondsSinceEpoch: try Int64(row: row, column: column))
    }
}
