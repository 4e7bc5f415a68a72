extension Database {
    // MARK: With parameters by name

    /// Runs a statement for what it does.
    /// - Parameters:
    ///   - sql: One statement, with `:name` where a value goes.
    ///   - parameters: A value for each name; ``Parameters`` tells where they may come from.
    /// - Returns: How many rows an insert, update or delete touched.
    @discardableResult
    public func run(_ sql: String, _ parameters: Parameters) throws -> Int {
        try withStatement(sql) { statement in
            try parameters.bind(to: statement)
            return try statement.finish()
        }
    }

    /// Runs a statement of a write whose answer nobody needs: it goes out together with what is asked next, at the latest with
    /// the commit, and saves a round trip to a server. What it fails with is thrown there, out of ``write(isolation:_:)``. On SQLite, and
    /// outside of a write, it runs at once.
    public func enqueue(_ sql: String, _ parameters: Parameters) throws {
        guard let statement = try statementToEnqueue(sql) else {
            try run(sql, parameters)
            return
        }
        try parameters.bind(to: .postgreSQL(statement))
        try statement.enqueue()
    }

    /// Runs a statement up to its first row.
    /// - Returns: What was made of that row, nil when there is none.
    @inlinable
    public func first<Result>(
        _ sql: String,
        _ parameters: Parameters,
        make: (borrowing Row) throws -> Result
    ) throws -> Result? {
        try withStatement(sql) { statement in
            try parameters.bind(to: statement)
            return try firstRow(statement, make)
        }
    }

    /// Runs a statement to the end.
    /// - Returns: What was made of each row.
    @inlinable
    public func all<Result>(
        _ sql: String,
        _ parameters: Parameters,
        make: (borrowing Row) throws -> Result
    ) throws -> [Result] {
        try withStatement(sql) { statement in
            try parameters.bind(to: statement)
            return try allRows(statement, make)
        }
    }

    /// Runs a statement up to its first row, which becomes a value: each property comes from the column of its name
    /// (``Row/decode(as:)``).
    public func first<Value: Decodable>(
        _ sql: String,
        _ parameters: Parameters = [:],
        as type: Value.Type
    ) throws -> Value? {
        try first(sql, parameters) { row in try row.decode(as: type) }
    }

    /// Runs a statement to the end; each row becomes a value, whose properties come from the columns of their names
    /// (``Row/decode(as:)``).
    public func all<Value: Decodable>(
        _ sql: String,
        _ parameters: Parameters = [:],
        as type: Value.Type
    ) throws -> [Value] {
        try all(sql, parameters) { row in try row.decode(as: type) }
    }

    // MARK: With values in the order of the parameters, for hot paths

    /// Runs a statement for what it does. The values go to its parameters in the order in which their names first stand in
    /// the text. No name is looked up, nothing is allocated.
    /// - Returns: How many rows an insert, update or delete touched.
    @discardableResult
    @inlinable
    public func run<each Value: ColumnValue>(_ sql: String, _ values: repeat each Value) throws -> Int {
        try withStatement(sql) { statement in
            try bind(repeat each values, to: statement)
            return try finish(statement)
        }
    }

    /// Runs a statement up to its first row. The values go to its parameters in the order in which their names first stand
    /// in the text.
    /// - Returns: What was made of that row, nil when there is none.
    @inlinable
    public func first<each Value: ColumnValue, Result>(
        _ sql: String,
        _ values: repeat each Value,
        make: (borrowing Row) throws -> Result
    ) throws -> Result? {
        try withStatement(sql) { statement in
            try bind(repeat each values, to: statement)
            return try firstRow(statement, make)
        }
    }

    /// Runs a statement to the end. The values go to its parameters in the order in which their names first stand in the
    /// text.
    /// - Returns: What was made of each row.
    @inlinable
    public func all<each Value: ColumnValue, Result>(
        _ sql: String,
        _ values: repeat each Value,
        make: (borrowing Row) throws -> Result
    ) throws -> [Result] {
        try withStatement(sql) { statement in
            try bind(repeat each values, to: statement)
            return try allRows(statement, make)
        }
    }

    // MARK: -

    @usableFromInline
    func finish(_ statement: Statement) throws(DatabaseError) -> Int { try statement.finish() }

    @inlinable
    func firstRow<Result>(_ statement: Statement, _ make: (borrowing Row) throws -> Result) throws -> Result? {
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let row = Row(of: statement)
        return try make(row)
    }

    @inlinable
    func allRows<Result>(_ statement: Statement, _ make: (borrowing Row) throws -> Result) throws -> [Result] {
        defer { statement.reset() }
        var results: [Result] = []
        while try statement.step() {
            let row = Row(of: statement)
            results.append(try make(row))
        }
        return results
    }

    @inlinable
    func bind<each Value: ColumnValue>(
        _ values: repeat each Value,
        to statement: Statement
    ) throws(DatabaseError) {
        var index = 0
        for value in repeat each values {
            try statement.bind(value.databaseValue, at: index)
            index += 1
        }
        try statement.requireParameters(index)
    }
}
