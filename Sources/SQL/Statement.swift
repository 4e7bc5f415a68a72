/// A statement of either driver. The hot paths are switches that the compiler sees through: a service on SQLite pays two
/// instructions for each.
@usableFromInline
enum Statement {
    case sqlite(SQLiteStatement)
    case postgreSQL(PostgreSQLStatement)

    /// The text it was made from.
    var sql: String {
        switch self {
        case .sqlite(let statement): statement.sql
        case .postgreSQL(let statement): statement.sql
        }
    }

    /// What it does, for who observes it.
    var operation: DatabaseOperation {
        switch self {
        case .sqlite(let statement): statement.operation
        case .postgreSQL(let statement): statement.operation
        }
    }

    /// The names of its parameters, without the colon, in the order of their numbers.
    var parameterNames: [String] {
        switch self {
        case .sqlite(let statement): statement.parameterNames
        case .postgreSQL(let statement): statement.parameterNames
        }
    }

    // MARK: Binding

    /// Requires that a run gives as many values as there are parameters.
    @inlinable
    func requireParameters(_ count: Int) throws(DatabaseError) {
        switch self {
        case .sqlite(let statement): try statement.requireParameters(count)
        case .postgreSQL(let statement): try statement.requireParameters(count)
        }
    }

    /// Binds a value to the parameter with this number. They are bound in order, from 0.
    @inlinable
    func bind(_ value: DatabaseValue, at index: Int) throws(DatabaseError) {
        switch self {
        case .sqlite(let statement):
            switch value {
            case .text(let text): try statement.bind(text, at: index)
            case .integer(let integer): try statement.bind(integer, at: index)
            case let other: try statement.bind(other, at: index)
            }
        case .postgreSQL(let statement): try statement.bind(value, at: index)
        }
    }

    // MARK: Running

    /// Whether there is another row.
    @inlinable
    func step() throws(DatabaseError) -> Bool {
        switch self {
        case .sqlite(let statement): try statement.step()
        case .postgreSQL(let statement): try statement.step()
        }
    }

    /// Runs it to the end. Returns how many rows an insert, update or delete touched.
    func finish() throws(DatabaseError) -> Int {
        defer { reset() }
        while try step() {}
        return switch self {
        case .sqlite(let statement): statement.changes
        case .postgreSQL(let statement): statement.changes
        }
    }

    /// Ends the run.
    @inlinable
    func reset() {
        switch self {
        case .sqlite(let statement): statement.reset()
        case .postgreSQL(let statement): statement.reset()
        }
    }

    // MARK: Columns

    /// The names of the columns, in order.
    var columnNames: [String] {
        switch self {
        case .sqlite(let statement): statement.columnNames
        case .postgreSQL(let statement): statement.columnNames
        }
    }

    /// The number of the column with this name, from 0; nil when there is none.
    @inline(__always)
    func existingColumn(named name: String) -> Int? {
        switch self {
        case .sqlite(let statement): statement.existingColumn(named: name)
        case .postgreSQL(let statement): statement.existingColumn(named: name)
        }
    }

    /// The number of the column with this name, from 0.
    @usableFromInline
    func column(named name: String) throws(DatabaseError) -> Int {
        guard let column = existingColumn(named: name) else {
            throw .failed("there is no column \(name) in the rows of: \(sql)")
        }
        return column
    }

    func columnName(_ column: Int) -> String {
        switch self {
        case .sqlite(let statement): statement.columnName(column)
        case .postgreSQL(let statement): statement.columnName(column)
        }
    }

    func storage(_ column: Int) -> ColumnStorage {
        switch self {
        case .sqlite(let statement): statement.storage(column)
        case .postgreSQL(let statement): statement.storage(column)
        }
    }

    func isNull(_ column: Int) -> Bool {
        switch self {
        case .sqlite(let statement): statement.isNull(column)
        case .postgreSQL(let statement): statement.isNull(column)
        }
    }

    func integer(_ column: Int) -> Int64 {
        switch self {
        case .sqlite(let statement): statement.integer(column)
        case .postgreSQL(let statement): statement.integer(column)
        }
    }

    /// The number, nil for what is none.
    @inlinable
    func exactInteger(_ column: Int) -> Int64? {
        switch self {
        case .sqlite(let statement): statement.exactInteger(column)
        case .postgreSQL(let statement): statement.exactInteger(column)
        }
    }

    func real(_ column: Int) -> Double {
        switch self {
        case .sqlite(let statement): statement.real(column)
        case .postgreSQL(let statement): statement.real(column)
        }
    }

    /// The text; nil for NULL and for what is not UTF-8.
    @inlinable
    func text(_ column: Int) -> String? {
        switch self {
        case .sqlite(let statement): statement.text(column)
        case .postgreSQL(let statement): statement.text(column)
        }
    }

    /// The bytes; nil for what are none.
    func blob(_ column: Int) -> [UInt8]? {
        switch self {
        case .sqlite(let statement): statement.blob(column)
        case .postgreSQL(let statement): statement.blob(column)
        }
    }
}
