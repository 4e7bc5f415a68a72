import CPostgreSQL
import Values

/// A statement that the server prepares with its first run and keeps for the life of the connection, unless a pooler stands
/// between, with the values and the answer of one run.
///
/// Values and answers are text, as they stand in SQL: the server then takes a value as what it must be where it stands, and
/// a service needs no list of its types. Where nothing says what that is, as in `SELECT :v`, write `CAST(:v AS BIGINT)`.
@safe @usableFromInline final class PostgreSQLStatement {
    /// What the server keeps: once for all runs that are under way at the same time.
    final class Prepared {
        let text: NumberedParameters

        /// The same for the same text, whoever prepares it: connections that a pooler shares can do each other no harm.
        let name: String

        /// Whether the server has it, or will have it when it comes to what was sent last.
        var isPrepared = false

        init(_ sql: String) {
            text = NumberedParameters(sql)
            var hash = FNV1a<UInt64>()
            hash.combine(sql.utf8)
            name = "s" + String(hash.value, radix: 16)
        }
    }

    /// The text it was made from.
    let sql: String

    let prepared: Prepared

    /// What it does, for who observes it.
    private(set) lazy var operation = DatabaseOperation(sql, .postgreSQL)

    private unowned let connection: PostgreSQLConnection

    /// The values one after another, each with a NUL behind it, and where each begins; -1 for NULL.
    private var bytes: [CChar] = []
    private var starts: [Int]

    private var result: OpaquePointer?
    private var row = -1
    private var rowCount = 0
    private var isSent = false

    /// Whether the last run failed without an effect, and another may succeed.
    private(set) var mayRepeat = false

    /// What the columns are. The server refuses to run a statement again whose columns have become others.
    private var columns: [Column] = []
    private(set) var columnNames: [String] = []

    /// The column after the one that was asked for last by name: most readers go through the columns in order.
    private var likelyColumn = 0

    private enum Column {
        case integer, boolean, real, numeric, bytes, text

        /// By the type's OID, which never changes (pg_type.dat).
        init(type: UInt32) {
            self =
                switch type {
                case 20, 21, 23, 26: .integer
                case 16: .boolean
                case 700, 701: .real
                case 1700: .numeric
                case 17: .bytes
                default: .text
                }
        }
    }

    init(_ sql: String, prepared: Prepared? = nil, on connection: PostgreSQLConnection) {
        self.sql = sql
        self.connection = connection
        self.prepared = prepared ?? Prepared(sql)
        starts = Array(repeating: -1, count: self.prepared.text.names.count)
    }

    deinit {
        if let result = unsafe result { unsafe cpostgresql_clear(result) }
    }

    /// Whether it is a SELECT, which changes nothing by itself.
    var isQuery: Bool {
        sql.drop(while: \.isWhitespace).prefix(6).lowercased() == "select"
    }

    /// Whether it has been sent and its answer is not done with.
    var isRunning: Bool { isSent }

    /// The names of its parameters, without the colon, in the order of their numbers.
    var parameterNames: [String] { prepared.text.names }

    // MARK: Binding

    @usableFromInline
    func requireParameters(_ count: Int) throws(DatabaseError) {
        guard count == starts.count else {
            throw .failed("\(count) values were given for \(starts.count) parameters of: \(sql)")
        }
    }

    /// Binds a value to the parameter with this number. They are bound in order, from 0.
    @usableFromInline
    func bind(_ value: DatabaseValue, at index: Int) throws(DatabaseError) {
        guard index < starts.count else {
            throw .failed("a value's index out of range: there are \(starts.count) parameters in: \(sql)")
        }
        if index == 0 { bytes.removeAll(keepingCapacity: true) }
        starts[index] = bytes.count
        switch value {
        case .null: starts[index] = -1
        case .integer(let integer): append(String(integer))
        case .real(let real): append(Self.text(of: real))
        case .text(let text):
            guard !text.utf8.contains(0) else {
                throw .violated(.other, "PostgreSQL keeps no NUL character in a text; it was to be kept by: \(sql)")
            }
            append(text)
        case .blob(let blob):
            bytes.append(CChar(bitPattern: UInt8(ascii: "\\")))
            bytes.append(CChar(bitPattern: UInt8(ascii: "x")))
            for byte in blob {
                bytes.append(Self.hexDigit(byte >> 4))
                bytes.append(Self.hexDigit(byte & 15))
            }
            bytes.append(0)
        }
    }

    private func append(_ text: String) {
        for byte in text.utf8 { bytes.append(CChar(bitPattern: byte)) }
        bytes.append(0)
    }

    private static func text(of real: Double) -> String {
        guard !real.isInfinite else { return real < 0 ? "-Infinity" : "Infinity" }
        return real.isNaN ? "NaN" : "\(real)"
    }

    private static func hexDigit(_ value: UInt8) -> CChar {
        CChar(bitPattern: value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10))
    }

    /// Runs the body with the values as libpq takes them.
    func withValues<Result>(_ body: (CInt, UnsafePointer<UnsafePointer<CChar>?>?) -> Result) -> Result {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: starts.count) { values in
                for index in starts.indices {
                    let start = starts[index]
                    let value = unsafe start < 0 ? nil : bytes.baseAddress.map { unsafe $0 + start }
                    unsafe values.initializeElement(at: index, to: value)
                }
                return unsafe body(CInt(starts.count), UnsafePointer(values.baseAddress))
            }
        }
    }

    // MARK: Running

    /// Sends it; the answer is waited for by `step()`, with those of all that was sent meanwhile.
    func send() throws(DatabaseError) {
        reset()
        isSent = true
        mayRepeat = false
        try connection.send(self, isAwaited: true)
    }

    /// Sends it and leaves the answer to whoever waits next, who throws what it failed with.
    func enqueue() throws(DatabaseError) {
        try connection.send(self, isAwaited: false)
    }

    /// Whether there is another row.
    @usableFromInline
    func step() throws(DatabaseError) -> Bool {
        if unsafe result == nil {
            if !isSent { try send() }
            do throws(DatabaseError) {
                try connection.collect()
            } catch {
                mayRepeat = connection.mayRepeat
                throw error
            }
        }
        guard unsafe result != nil else { throw .failed("the server gave no answer to: \(sql)") }
        likelyColumn = 0
        row += 1
        return row < rowCount
    }

    /// Takes the answer, which it frees when it is done with.
    func take(_ answer: OpaquePointer) {
        unsafe result = answer
        rowCount = unsafe Int(cpostgresql_rows(answer))
        let count = unsafe Int(cpostgresql_columns(answer))
        guard columns.count != count else { return }
        columns = (0..<count).map { Column(type: unsafe cpostgresql_column_type(answer, CInt($0))) }
        columnNames = (0..<count).map { column in
            unsafe cpostgresql_column_name(answer, CInt(column)).map { unsafe String(cString: $0) } ?? "\(column)"
        }
    }

    /// How many rows the insert, update or delete touched.
    var changes: Int {
        guard let result = unsafe result else { return 0 }
        return Int(unsafe String(cString: cpostgresql_changes(result))) ?? 0
    }

    @usableFromInline
    func reset() {
        if let result = unsafe result { unsafe cpostgresql_clear(result) }
        unsafe result = nil
        row = -1
        rowCount = 0
        isSent = false
    }

    // MARK: Columns

    func existingColumn(named name: String) -> Int? {
        let likely = likelyColumn
        if likely < columnNames.count, columnNames[likely] == name {
            likelyColumn = likely + 1
            return likely
        }
        guard let column = columnNames.firstIndex(of: name) else { return nil }
        likelyColumn = column + 1
        return column
    }

    func columnName(_ column: Int) -> String {
        columnNames.indices.contains(column) ? columnNames[column] : "\(column)"
    }

    func isNull(_ column: Int) -> Bool {
        guard let result = unsafe result, columns.indices.contains(column) else { return true }
        return unsafe cpostgresql_is_null(result, CInt(row), CInt(column))
    }

    func storage(_ column: Int) -> ColumnStorage {
        guard !isNull(column) else { return .null }
        return switch columns[column] {
        case .integer, .boolean: .integer
        case .real: .real
        // `sum` of whole numbers is one.
        case .numeric: exactInteger(column) == nil ? .real : .integer
        case .bytes: .blob
        case .text: .text
        }
    }

    /// The number, nil for what is none.
    @usableFromInline
    func exactInteger(_ column: Int) -> Int64? {
        guard !isNull(column) else { return nil }
        switch columns[column] {
        case .integer, .numeric: return withText(column) { Self.integer($0) }
        case .boolean: return withText(column) { $0.count == 1 && $0[0] == UInt8(ascii: "t") ? 1 : 0 }
        case .real, .bytes, .text: return nil
        }
    }

    func integer(_ column: Int) -> Int64 { exactInteger(column) ?? 0 }

    func real(_ column: Int) -> Double { text(column).flatMap { Double($0) } ?? 0 }

    /// The text; nil for NULL and for what is not UTF-8.
    @usableFromInline
    func text(_ column: Int) -> String? {
        guard !isNull(column) else { return nil }
        return withText(column) { bytes in
            guard let text = try? UTF8Span(validating: bytes) else { return nil }
            return String(copying: text)
        }
    }

    func blob(_ column: Int) -> [UInt8]? {
        guard !isNull(column) else { return nil }
        return withText(column) { text in
            guard text.count >= 2, text.count % 2 == 0, text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x")
            else { return nil }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(text.count / 2 - 1)
            for index in stride(from: 2, to: text.count, by: 2) {
                guard let high = Self.hexValue(text[index]), let low = Self.hexValue(text[index + 1]) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            }
            return bytes
        }
    }

    private func withText<Value>(_ column: Int, _ body: (Span<UInt8>) -> Value?) -> Value? {
        guard let result = unsafe result else { return nil }
        let start = unsafe UnsafeRawPointer(cpostgresql_value(result, CInt(row), CInt(column)))
        let count = unsafe Int(cpostgresql_length(result, CInt(row), CInt(column)))
        let raw = unsafe UnsafeRawBufferPointer(start: start, count: count)
        return unsafe raw.withMemoryRebound(to: UInt8.self) { unsafe body(Span(_unsafeElements: $0)) }
    }

    private static func integer(_ text: Span<UInt8>) -> Int64? {
        guard text.count > 0 else { return nil }
        let isNegative = text[0] == UInt8(ascii: "-")
        guard !isNegative || text.count > 1 else { return nil }
        var value: Int64 = 0
        for index in (isNegative ? 1 : 0)..<text.count {
            guard (0x30...0x39).contains(text[index]) else { return nil }
            // Downwards, because there is one more negative number.
            let (product, isTooLong) = value.multipliedReportingOverflow(by: 10)
            let (sum, isTooLarge) = product.subtractingReportingOverflow(Int64(text[index] - 0x30))
            guard !isTooLong, !isTooLarge else { return nil }
            value = sum
        }
        guard !isNegative else { return value }
        return value == .min ? nil : -value
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        case 0x41...0x46: digit - 0x41 + 10
        default: nil
        }
    }
}
