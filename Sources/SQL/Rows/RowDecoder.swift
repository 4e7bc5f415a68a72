extension Row {
    /// A value whose properties come from the columns of their names: `name` from `name`, `pricePerNight` from the column of
    /// that name or from `price_per_night`. An optional property is nil for NULL and where there is no such column.
    ///
    /// Types that are ``ColumnValue`` read their column as that says, all others as their `init(from:)` does from a single
    /// value. A single column can be decoded as a number or a text alone.
    /// - Throws: `DatabaseError.corrupted` when a column does not hold what the property must be, `.failed` when it is missing.
    public func decode<Value: Decodable>(as type: Value.Type) throws(DatabaseError) -> Value {
        do {
            return try Value(from: RowDecoder(statement: statement))
        } catch let error as DatabaseError {
            throw error
        } catch DecodingError.keyNotFound(let key, _) {
            throw .failed("there is no column for \(key.stringValue) in the rows of: \(statement.sql)")
        } catch DecodingError.valueNotFound(_, let context), DecodingError.typeMismatch(_, let context),
            DecodingError.dataCorrupted(let context)
        {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw .corrupted("\(path.isEmpty ? "a row" : "column \(path)") holds what no release wrote")
        } catch {
            throw .failed(String(describing: error))
        }
    }
}

private struct RowDecoder: Decoder {
    let statement: Statement
    /// The column to decode; nil for the whole row.
    var column: Int?
    var codingPath: [any CodingKey] = []
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard column == nil else {
            throw DatabaseError.failed("a column holds no object; read it by hand in: \(statement.sql)")
        }
        return KeyedDecodingContainer(RowContainer<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        throw DatabaseError.failed("a column holds no array; read it by hand in: \(statement.sql)")
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        ColumnContainer(statement: statement, column: column ?? 0, codingPath: codingPath)
    }
}

private struct RowContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: RowDecoder
    var codingPath: [any CodingKey] { decoder.codingPath }
    var allKeys: [Key] { statement.columnNames.compactMap { Key(stringValue: $0) } }

    private var statement: Statement { decoder.statement }

    private func column(_ key: Key) -> Int? {
        statement.existingColumn(named: key.stringValue)
            ?? statement.existingColumn(named: SnakeCase.of(key.stringValue))
    }

    func contains(_ key: Key) -> Bool { column(key) != nil }

    func decodeNil(forKey key: Key) throws -> Bool { statement.isNull(try required(key)) }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let container = ColumnContainer(statement: statement, column: try required(key), codingPath: codingPath + [key])
        return try container.decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try superDecoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try superDecoder(forKey: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoder }

    func superDecoder(forKey key: Key) throws -> any Decoder {
        RowDecoder(statement: statement, column: try required(key), codingPath: codingPath + [key])
    }

    private func required(_ key: Key) throws -> Int {
        guard let column = column(key) else {
            throw DecodingError.keyNotFound(key, DecodingError.Context(codingPath: codingPath, debugDescription: ""))
        }
        return column
    }
}

private struct ColumnContainer: SingleValueDecodingContainer {
    let statement: Statement
    let column: Int
    var codingPath: [any CodingKey]

    func decodeNil() -> Bool { statement.isNull(column) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let type = type as? any ColumnValue.Type {
            let row = Row(of: statement)
            let value = try type.init(row: row, column: column)
            if let value = value as? Value { return value }
        }
        return try Value(from: RowDecoder(statement: statement, column: column, codingPath: codingPath))
    }

    // The numbers that are no `ColumnValue` themselves would ask for themselves again.
    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int8.Type) throws -> Int8 { try exactly() }
    func decode(_ type: Int16.Type) throws -> Int16 { try exactly() }
    func decode(_ type: Int32.Type) throws -> Int32 { try exactly() }
    func decode(_ type: UInt.Type) throws -> UInt { try exactly() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try exactly() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try exactly() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try exactly() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try exactly() }

    private func exactly<Number: FixedWidthInteger>() throws -> Number {
        let row = Row(of: statement)
        guard let number = Number(exactly: try Int64(row: row, column: column)) else { throw row.corrupted(column) }
        return number
    }
}
