/// Writes the elements of an array.
struct UnkeyedOutput: UnkeyedEncodingContainer {
    let output: JSONOutput
    let depth: Int
    let owner: Int

    private(set) var count = 0

    init(output: JSONOutput, depth: Int, owner: Int) {
        self.output = output
        self.depth = depth
        self.owner = owner
    }

    var codingPath: [any CodingKey] { [] }

    private mutating func begin() throws {
        try output.element(depth: depth, owner: owner)
        count += 1
    }

    mutating func encodeNil() throws {
        try begin()
        output.null()
    }

    mutating func encode(_ value: some Encodable) throws {
        try begin()
        try output.value(value)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        nested().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }

    mutating func superEncoder() -> any Encoder { nested() }

    private mutating func nested() -> JSONValueEncoder {
        do {
            try begin()
        } catch {
            preconditionFailure("\(error)")
        }
        return JSONValueEncoder(output: output)
    }

    mutating func encode(_ value: Bool) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: String) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: Double) throws {
        try begin()
        try output.value(value)
    }
    mutating func encode(_ value: Float) throws {
        try begin()
        try output.value(value)
    }
    mutating func encode(_ value: Int) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: Int8) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: Int16) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: Int32) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: Int64) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: Int128) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: UInt) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: UInt8) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: UInt16) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: UInt32) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: UInt64) throws {
        try begin()
        output.value(value)
    }
    mutating func encode(_ value: UInt128) throws {
        try begin()
        output.value(value)
    }
}
