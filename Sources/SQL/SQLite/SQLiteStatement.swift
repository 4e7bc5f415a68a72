import CSQLite

/// A compiled statement, kept for the life of its connection and used again and again.
///
/// Every use ends with a reset, so that no statement keeps a snapshot of the database open between two calls.
@safe @usableFromInline final class SQLiteStatement {
    /// The text it was compiled from.
    let sql: String

    private let handle: OpaquePointer

    /// How many parameters it has; all of them are bound for every run.
    private let parameterCount: Int

    /// Whether it changes nothing in the database.
    let isReadOnly: Bool

    /// Whether it stands on a row that somebody reads.
    private(set) var isRunning = false

    /// The names of its parameters, without the colon, in the order of their numbers.
    private(set) lazy var parameterNames: [String] = (0..<parameterCount).map { index in
        unsafe sqlite3_bind_parameter_name(handle, Int32(index + 1)).map {
            unsafe String(String(cString: $0).dropFirst())
        }
            ?? ""
    }

    /// What it does, for who observes it.
    private(set) lazy var operation = DatabaseOperation(sql, .sqlite)

    /// The names of its columns, once somebody asked for one; read anew after SQLite compiled the statement again because the
    /// schema changed.
    private var knownColumnNames: [String] = []
    private var compilations: Int32 = 0

    /// The column after the one that was asked for last by name: most readers go through the columns in order.
    private var likelyColumn = 0

    init(_ sql: String, on connection: SQLiteConnection) throws(DatabaseError) {
        var statement: OpaquePointer?
        let path = connection.location.path
        let (code, isSingle) = unsafe sql.withCString { text in
            var rest: UnsafePointer<CChar>?
            let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
            let code = unsafe sqlite3_prepare_v3(connection.handle, text, -1, flags, &statement, &rest)
            return unsafe (code, rest.map { unsafe Self.isBlank($0) } ?? true)
        }
        guard code == SQLITE_OK else {
            throw unsafe DatabaseError(code: code, on: connection.handle, path: path, sql: sql)
        }
        guard let statement = unsafe statement, isSingle else {
            unsafe sqlite3_finalize(statement)
            throw .failed("one call runs one statement, not: \(sql)")
        }
        unsafe handle = statement
        self.sql = sql
        parameterCount = unsafe Int(sqlite3_bind_parameter_count(statement))
        isReadOnly = unsafe sqlite3_stmt_readonly(statement) != 0
    }

    deinit {
        unsafe sqlite3_finalize(handle)
    }

    // MARK: Binding

    /// Requires that a run gives as many values as there are parameters: one that was left out would have the value of the
    /// run before.
    @usableFromInline
    func requireParameters(_ count: Int) throws(DatabaseError) {
        guard count == parameterCount else {
            throw .failed("\(count) values were given for \(parameterCount) parameters of: \(sql)")
        }
    }

    /// Binds a value to the parameter with this number, from 0.
    @usableFromInline
    func bind(_ value: Int64, at index: Int) throws(DatabaseError) {
        try check(unsafe sqlite3_bind_int64(handle, Int32(index + 1), value))
    }

    /// Binds a value to the parameter with this number, from 0.
    @usableFromInline
    func bind(_ value: String, at index: Int) throws(DatabaseError) {
        var text = value
        let code = text.withUTF8 { bytes in
            // SQLite takes no pointer as null; an empty text has an address of its own.
            guard let start = bytes.baseAddress else {
                return unsafe csqlite_bind_text(handle, Int32(index + 1), "", 0)
            }
            return unsafe start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                unsafe csqlite_bind_text(handle, Int32(index + 1), $0, Int32(bytes.count))
            }
        }
        try check(code)
    }

    /// Binds a value of any kind to the parameter with this number, from 0.
    @usableFromInline
    func bind(_ value: DatabaseValue, at index: Int) throws(DatabaseError) {
        let number = Int32(index + 1)
        switch value {
        case .null: try check(unsafe sqlite3_bind_null(handle, number))
        case .integer(let integer): try bind(integer, at: index)
        case .real(let real): try check(unsafe sqlite3_bind_double(handle, number, real))
        case .text(let text): try bind(text, at: index)
        case .blob(let bytes):
            let code = unsafe bytes.withUnsafeBytes { buffer in
                guard let start = buffer.baseAddress else { return unsafe sqlite3_bind_zeroblob(handle, number, 0) }
                return unsafe csqlite_bind_blob(handle, number, start, Int32(buffer.count))
            }
            try check(code)
        }
    }

    private func check(_ code: Int32) throws(DatabaseError) {
        guard code == SQLITE_OK else { throw error(code) }
    }

    // MARK: Running

    /// Whether there is a row.
    @usableFromInline
    func step() throws(DatabaseError) -> Bool {
        let isFirst = !isRunning
        isRunning = true
        likelyColumn = 0
        let code = unsafe sqlite3_step(handle)
        // SQLite compiles again only when a run begins.
        if isFirst, !knownColumnNames.isEmpty { forgetOldNames() }
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw error(code)
        }
    }

    private func forgetOldNames() {
        let current = unsafe sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_REPREPARE, 0)
        guard compilations != current else { return }
        knownColumnNames = []
        compilations = current
    }

    @usableFromInline
    func reset() {
        isRunning = false
        // It repeats the error of the last step, which was thrown already.
        unsafe sqlite3_reset(handle)
    }

    /// How many rows the connection's last insert, update or delete touched.
    var changes: Int { unsafe Int(sqlite3_changes64(sqlite3_db_handle(handle))) }

    // MARK: Columns

    /// The names of the columns, in order.
    var columnNames: [String] {
        if knownColumnNames.isEmpty {
            knownColumnNames = (0..<Int(unsafe sqlite3_column_count(handle))).map { columnName($0) }
        }
        return knownColumnNames
    }

    /// The number of the column with this name, from 0; nil when there is none.
    @inline(__always)
    func existingColumn(named name: String) -> Int? {
        let likely = likelyColumn
        if likely < knownColumnNames.count, knownColumnNames[likely] == name {
            likelyColumn = likely + 1
            return likely
        }
        return anyColumn(named: name)
    }

    @inline(never)
    private func anyColumn(named name: String) -> Int? {
        guard let column = columnNames.firstIndex(of: name) else { return nil }
        likelyColumn = column + 1
        return column
    }

    func columnName(_ column: Int) -> String {
        unsafe sqlite3_column_name(handle, Int32(column)).map { unsafe String(cString: $0) } ?? "\(column)"
    }

    func kind(_ column: Int) -> Int32 {
        unsafe sqlite3_column_type(handle, Int32(column))
    }

    func isNull(_ column: Int) -> Bool { kind(column) == SQLITE_NULL }

    func storage(_ column: Int) -> ColumnStorage {
        switch kind(column) {
        case SQLITE_INTEGER: .integer
        case SQLITE_FLOAT: .real
        case SQLITE_TEXT: .text
        case SQLITE_BLOB: .blob
        default: .null
        }
    }

    func integer(_ column: Int) -> Int64 {
        unsafe sqlite3_column_int64(handle, Int32(column))
    }

    /// The number, nil for what is none.
    @usableFromInline
    func exactInteger(_ column: Int) -> Int64? {
        // One look for both questions. The value is not protected by a mutex; the connection has one thread and needs none.
        let value = unsafe sqlite3_column_value(handle, Int32(column))
        return unsafe sqlite3_value_type(value) == SQLITE_INTEGER ? sqlite3_value_int64(value) : nil
    }

    func real(_ column: Int) -> Double {
        unsafe sqlite3_column_double(handle, Int32(column))
    }

    /// The text, copied once into the string; nothing is copied beside it when it has 15 bytes or fewer. Nil for NULL and
    /// for what is not UTF-8.
    @usableFromInline
    func text(_ column: Int) -> String? {
        let value = unsafe sqlite3_column_value(handle, Int32(column))
        guard let start = unsafe sqlite3_value_text(value) else { return nil }
        // The length after the text: asking for the text may convert it.
        let count = unsafe Int(sqlite3_value_bytes(value))
        let bytes = unsafe Span(_unsafeStart: start, count: count)
        guard let text = try? UTF8Span(validating: bytes) else { return nil }
        return String(copying: text)
    }

    func blob(_ column: Int) -> [UInt8] {
        guard let start = unsafe sqlite3_column_blob(handle, Int32(column)) else { return [] }
        let count = unsafe Int(sqlite3_column_bytes(handle, Int32(column)))
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    private func error(_ code: Int32) -> DatabaseError {
        let connection = unsafe sqlite3_db_handle(handle)
        let path = unsafe sqlite3_db_filename(connection, "main").map { unsafe String(cString: $0) } ?? ""
        return unsafe DatabaseError(code: code, on: connection, path: path, sql: sql)
    }

    /// Whether nothing but white space and semicolons follows.
    private static func isBlank(_ text: UnsafePointer<CChar>) -> Bool {
        var rest = unsafe text
        while unsafe rest.pointee != 0 {
            let byte = unsafe UInt8(bitPattern: rest.pointee)
            guard byte == UInt8(ascii: ";") || byte == 0x20 || (0x09...0x0D).contains(byte) else { return false }
            unsafe rest += 1
        }
        return true
    }
}
