import CSQLite
import Stays

/// The row a statement stands on, readable until the statement goes on. Columns count from 0.
@safe struct Row: ~Copyable {
    private let statement: OpaquePointer

    init(of statement: OpaquePointer) {
        unsafe self.statement = statement
    }

    func integer(_ column: Int32) -> Int64 {
        unsafe sqlite3_column_int64(statement, column)
    }

    /// The text, copied once into the string; nothing is copied beside it when it has 15 bytes or fewer.
    func text(_ column: Int32) throws(StoreError) -> String {
        guard let start = unsafe sqlite3_column_text(statement, column) else { throw corrupted(column) }
        // The length after the text: asking for the text may convert it.
        let count = unsafe Int(sqlite3_column_bytes(statement, column))
        let bytes = unsafe Span(_unsafeStart: start, count: count)
        guard let text = try? UTF8Span(validating: bytes) else { throw corrupted(column) }
        return String(copying: text)
    }

    /// A value of the domain made from a column; what the domain refuses must not have got into the store.
    func value<Value>(_ column: Int32, _ make: (String) -> Value?) throws(StoreError) -> Value {
        guard let value = make(try text(column)) else { throw corrupted(column) }
        return value
    }

    /// What to throw when a column does not hold what it must.
    func corrupted(_ column: Int32) -> StoreError {
        let name = unsafe sqlite3_column_name(statement, column).map { unsafe String(cString: $0) } ?? "\(column)"
        return .corrupted("column \(name) holds what no release wrote")
    }
}
