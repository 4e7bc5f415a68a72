import CSQLite
import Stays

/// A compiled statement, kept for the life of its connection and used again and again.
///
/// Every use ends with a reset, so that no statement keeps a snapshot of the database open between two calls.
@safe struct Statement: ~Copyable {
    private let handle: OpaquePointer

    init(_ sql: String, on connection: borrowing Connection) throws(StoreError) {
        var statement: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            connection.handle,
            sql,
            -1,
            UInt32(SQLITE_PREPARE_PERSISTENT),
            &statement,
            nil
        )
        guard code == SQLITE_OK, let statement = unsafe statement else {
            throw unsafe StoreError(code: code, on: connection.handle, path: connection.location.path, sql: sql)
        }
        unsafe handle = statement
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    /// Runs it for what it does.
    func run<each Value: Bindable>(_ values: repeat each Value) throws(StoreError) {
        try bind(repeat each values)
        defer { reset() }
        while try step() {}
    }

    /// Runs it up to its first row.
    /// - Returns: What was made of that row, nil when there is none.
    func first<each Value: Bindable, Result>(
        _ values: repeat each Value,
        make: (borrowing Row) throws(StoreError) -> Result
    ) throws(StoreError) -> Result? {
        try bind(repeat each values)
        defer { reset() }
        guard try step() else { return nil }
        return try make(unsafe Row(of: handle))
    }

    /// Runs it to the end.
    /// - Returns: What was made of each row.
    func all<each Value: Bindable, Result>(
        _ values: repeat each Value,
        make: (borrowing Row) throws(StoreError) -> Result
    ) throws(StoreError) -> [Result] {
        try bind(repeat each values)
        defer { reset() }
        var results: [Result] = []
        while try step() { results.append(try make(unsafe Row(of: handle))) }
        return results
    }

    /// The text it was compiled from.
    var sql: String { unsafe sqlite3_sql(handle).map { unsafe String(cString: $0) } ?? "" }

    private func bind<each Value: Bindable>(_ values: repeat each Value) throws(StoreError) {
        var index: Int32 = 0
        for value in repeat each values {
            index += 1
            let code = unsafe value.bind(to: handle, at: index)
            guard code == SQLITE_OK else { throw error(code) }
        }
    }

    /// Whether there is a row.
    private func step() throws(StoreError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw error(code)
        }
    }

    private func reset() {
        // It repeats the error of the last step, which was thrown already.
        unsafe sqlite3_reset(handle)
    }

    private func error(_ code: Int32) -> StoreError {
        let connection = unsafe sqlite3_db_handle(handle)
        let path = unsafe sqlite3_db_filename(connection, "main").map { unsafe String(cString: $0) } ?? ""
        return unsafe StoreError(code: code, on: connection, path: path, sql: sql)
    }
}
