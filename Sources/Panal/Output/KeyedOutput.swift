/// Writes the members of an object.
struct KeyedOutput<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let output: JSONOutput
    let depth: Int
    let owner: Int

    var codingPath: [any CodingKey] { [] }

    private func begin(_ name: String) throws {
        try output.member(name, depth: depth, owner: owner)
    }

    func encodeNil(forKey key: Key) throws {
        try begin(key.stringValue)
        output.null()
    }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        try begin(key.stringValue)
        try output.value(value)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        nested(key.stringValue).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        nested(key.stringValue).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { nested("super") }

    func superEncoder(forKey key: Key) -> any Encoder { nested(key.stringValue) }

    private func nested(_ name: String) -> JSONValueEncoder {
        do {
            try begin(name)
        } catch {
            preconditionFailure("\(error)")
        }
        return JSONValueEncoder(output: output)
    }

    func encode(_ value: Bool, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: String, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: Double, forKey key: Key) throws {
        try begin(key.stringValue)
        try output.value(value)
    }
    func encode(_ value: Float, forKey key: Key) throws {
        try begin(key.stringValue)
        try output.value(value)
    }
    func encode(_ value: Int, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: Int8, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: Int16, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: Int32, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: Int64, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: Int128, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: UInt, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: UInt8, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: UInt16, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: UInt32, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: UInt64, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
    func encode(_ value: UInt128, forKey key: Key) throws {
        try begin(key.stringValue)
        output.value(value)
    }
}
