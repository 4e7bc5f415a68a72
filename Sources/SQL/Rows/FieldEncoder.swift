/// Takes a value apart into its fields, each as what a parameter takes.
final class FieldEncoder: Encoder {
    /// The fields in the order in which the value encodes them.
    private(set) var fields: [(name: String, value: DatabaseValue)] = []

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func fields(of value: some Encodable) throws(DatabaseError) -> [(name: String, value: DatabaseValue)] {
        let encoder = FieldEncoder()
        do {
            try value.encode(to: encoder)
        } catch let error as DatabaseError {
            throw error
        } catch {
            throw .failed("a value cannot be taken apart into fields: \(error)")
        }
        return encoder.fields
    }

    func set<Value: Encodable>(_ name: String, to value: Value) throws {
        if let value = value as? any ColumnValue {
            fields.append((name, value.databaseValue))
            return
        }
        let scalar = ScalarEncoder(field: name)
        try value.encode(to: scalar)
        // A value that encodes nothing is nothing.
        fields.append((name, scalar.value))
    }

    func setNull(_ name: String) { fields.append((name, .null)) }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(FieldContainer<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { Refusal(field: "the value") }

    func singleValueContainer() -> any SingleValueEncodingContainer { Refusal(field: "the value") }
}

private struct FieldContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: FieldEncoder
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { encoder.setNull(key.stringValue) }
    func encode(_ value: some Encodable, forKey key: Key) throws { try encoder.set(key.stringValue, to: value) }

    // What is nil is not left out: the parameter of its name is then NULL.
    func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try optional(value, key) }
    func encodeIfPresent(_ value: (some Encodable)?, forKey key: Key) throws { try optional(value, key) }

    private func optional<Value: Encodable>(_ value: Value?, _ key: Key) throws {
        if let value { try encoder.set(key.stringValue, to: value) } else { encoder.setNull(key.stringValue) }
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        KeyedEncodingContainer(RefusingContainer<Nested>(field: key.stringValue))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { Refusal(field: key.stringValue) }
    func superEncoder() -> any Encoder { encoder }
    func superEncoder(forKey key: Key) -> any Encoder { ScalarEncoder(field: key.stringValue) }
}

/// Encodes one field, which has to be a single value.
private final class ScalarEncoder: Encoder, SingleValueEncodingContainer {
    private(set) var value = DatabaseValue.null
    private let field: String

    init(field: String) {
        self.field = field
    }

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func singleValueContainer() -> any SingleValueEncodingContainer { self }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { Refusal(field: field) }
    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(RefusingContainer<Key>(field: field))
    }

    func encodeNil() { value = .null }
    func encode(_ number: Float) { value = .real(Double(number)) }
    func encode(_ number: Int8) { value = .integer(Int64(number)) }
    func encode(_ number: Int16) { value = .integer(Int64(number)) }
    func encode(_ number: Int32) { value = .integer(Int64(number)) }
    func encode(_ number: UInt) throws { try exactly(number) }
    func encode(_ number: UInt8) { value = .integer(Int64(number)) }
    func encode(_ number: UInt16) { value = .integer(Int64(number)) }
    func encode(_ number: UInt32) { value = .integer(Int64(number)) }
    func encode(_ number: UInt64) throws { try exactly(number) }

    func encode<Other: Encodable>(_ other: Other) throws {
        if let column = other as? any ColumnValue { value = column.databaseValue } else { try other.encode(to: self) }
    }

    private func exactly(_ number: some BinaryInteger) throws {
        guard let integer = Int64(exactly: number) else {
            throw DatabaseError.failed("\(field) is too large for a column: \(number)")
        }
        value = .integer(integer)
    }
}

/// Stands for what no parameter takes: objects and arrays.
private struct Refusal: UnkeyedEncodingContainer, SingleValueEncodingContainer {
    let field: String
    var codingPath: [any CodingKey] { [] }
    var count: Int { 0 }

    private var error: DatabaseError {
        .failed("\(field) is no single value; give its parts as parameters of their own")
    }

    func encodeNil() throws { throw error }
    func encode(_ value: some Encodable) throws { throw error }
    func superEncoder() -> any Encoder { ScalarEncoder(field: field) }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }
    func nestedContainer<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(RefusingContainer<Key>(field: field))
    }
}

private struct RefusingContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let field: String
    var codingPath: [any CodingKey] { [] }

    private var error: DatabaseError {
        .failed("\(field) is no single value; give its parts as parameters of their own")
    }

    func encodeNil(forKey key: Key) throws { throw error }
    func encode(_ value: some Encodable, forKey key: Key) throws { throw error }
    func superEncoder() -> any Encoder { ScalarEncoder(field: field) }
    func superEncoder(forKey key: Key) -> any Encoder { ScalarEncoder(field: field) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { Refusal(field: field) }
    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { KeyedEncodingContainer(RefusingContainer<Nested>(field: field)) }
}
