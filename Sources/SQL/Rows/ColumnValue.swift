/// A type whose values a parameter takes and a column holds.
///
/// An enum with raw values needs only to say so: `extension Order.Status: ColumnValue {}`.
public protocol ColumnValue {
    /// The value as the database keeps it.
    var databaseValue: DatabaseValue { get }

    /// Reads it from a column, counted from 0.
    /// - Throws: `DatabaseError.corrupted` when the column holds no value of this type.
    init(row: borrowing Row, column: Int) throws(DatabaseError)
}

extension DatabaseValue: ColumnValue {
    /// Itself.
    public var databaseValue: DatabaseValue { self }

    /// Whatever is in the column.
    public init(row: borrowing Row, column: Int) throws(DatabaseError) { self = try row.stored(column) }
}

extension Int64: ColumnValue {
    /// A whole number.
    @inlinable public var databaseValue: DatabaseValue { .integer(self) }

    /// Reads a whole number.
    @inlinable
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        guard let integer = row.statement.exactInteger(column) else { throw row.corrupted(column) }
        self = integer
    }
}

extension Int: ColumnValue {
    /// A whole number.
    @inlinable public var databaseValue: DatabaseValue { .integer(Int64(self)) }

    /// Reads a whole number.
    @inlinable
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        self = Int(truncatingIfNeeded: try Int64(row: row, column: column))
    }
}

extension Bool: ColumnValue {
    /// 1 for true, 0 for false: SQLite has no type for it.
    public var databaseValue: DatabaseValue { .integer(self ? 1 : 0) }

    /// Reads 0 or 1.
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        switch try Int64(row: row, column: column) {
        case 0: self = false
        case 1: self = true
        default: throw row.corrupted(column)
        }
    }
}

extension Double: ColumnValue {
    /// A number in floating point.
    public var databaseValue: DatabaseValue { .real(self) }

    /// Reads a number.
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        switch try row.stored(column) {
        case .real(let real): self = real
        case .integer(let integer): self = Double(integer)
        default: throw row.corrupted(column)
        }
    }
}

extension String: ColumnValue {
    /// A text.
    @inlinable public var databaseValue: DatabaseValue { .text(self) }

    /// Reads a text.
    @inlinable
    public init(row: borrowing Row, column: Int) throws(DatabaseError) { self = try row.text(column) }
}

extension [UInt8]: ColumnValue {
    /// Bytes.
    public var databaseValue: DatabaseValue { .blob(self) }

    /// Reads bytes.
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        guard case .blob(let bytes) = try row.stored(column) else { throw row.corrupted(column) }
        self = bytes
    }
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
    /// NULL for nil.
    public var databaseValue: DatabaseValue { self?.databaseValue ?? .null }

    /// Reads NULL as nil.
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        self = row.isNull(column) ? nil : try Wrapped(row: row, column: column)
    }
}

extension ColumnValue where Self: RawRepresentable, RawValue: ColumnValue {
    /// The raw value.
    @inlinable public var databaseValue: DatabaseValue { rawValue.databaseValue }

    /// Reads a raw value that there is.
    @inlinable
    public init(row: borrowing Row, column: Int) throws(DatabaseError) {
        guard let value = Self(rawValue: try RawValue(row: row, column: column)) else { throw row.corrupted(column) }
        self = value
    }
}
