/// The members of an object, each faulty one named and stood in for.
struct KeyedInput<Key: CodingKey>: KeyedDecodingContainerProtocol {
    private let decoder: InputDecoder
    private let object: InputObject

    init(_ decoder: InputDecoder, _ object: InputObject) {
        self.decoder = decoder
        self.object = object
    }

    var codingPath: [any CodingKey] { decoder.codingPath }

    var allKeys: [Key] { object.members.compactMap { Key(stringValue: $0.name) } }

    func contains(_ key: Key) -> Bool {
        if case .missing = object[key.stringValue] { false } else { true }
    }

    func decodeNil(forKey key: Key) -> Bool { object[key.stringValue].isAbsent }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        decoder.note(key.stringValue, type, isRequired: true)
        return try decoder.collect(type, value(key), at: .member(key.stringValue))
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        decoder.note(key.stringValue, type, isRequired: false)
        let value = object[key.stringValue]
        return value.isAbsent ? nil : try decoder.collect(type, value, at: .member(key.stringValue))
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        decoder.note(key.stringValue, nil, isRequired: true)
        return try child(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        decoder.note(key.stringValue, nil, isRequired: true)
        return try child(key).unkeyedContainer()
    }

    func superDecoder() -> any Decoder {
        decoder.child(decoder.value.isBlank ? .blank : object["super"], at: .member("super"))
    }

    func superDecoder(forKey key: Key) -> any Decoder { child(key) }

    private func child(_ key: Key) -> InputDecoder { decoder.child(value(key), at: .member(key.stringValue)) }

    private func value(_ key: Key) -> InputValue { decoder.value.isBlank ? .blank : object[key.stringValue] }

    /// Plain values need no decoder of their own as long as they are right.
    @inline(__always)
    private func plain<Value: Decodable>(
        _ key: Key,
        _ read: (InputValue) throws(InputKind) -> Value
    ) throws -> Value {
        decoder.note(key.stringValue, Value.self, isRequired: true)
        let value = value(key)
        if let plain = try? read(value) {
            decoder.log.visit { decoder.child(value, at: .member(key.stringValue)).path }
            return plain
        }
        return try decoder.collect(Value.self, value, at: .member(key.stringValue))
    }

    @inline(__always)
    private func plainIfPresent<Value: Decodable>(
        _ key: Key,
        _ read: (InputValue) throws(InputKind) -> Value
    ) throws -> Value? {
        decoder.note(key.stringValue, Value.self, isRequired: false)
        let value = object[key.stringValue]
        return value.isAbsent ? nil : try plain(key, read)
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool {
        try plain(key) { value throws(InputKind) in try value.readBool() }
    }
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readBool() }
    }
    func decode(_ type: String.Type, forKey key: Key) throws -> String {
        try plain(key) { value throws(InputKind) in try value.readString() }
    }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readString() }
    }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double {
        try plain(key) { value throws(InputKind) in try value.readFraction(Double.self) }
    }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readFraction(Double.self) }
    }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float {
        try plain(key) { value throws(InputKind) in try value.readFraction(Float.self) }
    }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readFraction(Float.self) }
    }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int {
        try plain(key) { value throws(InputKind) in try value.readInteger(Int.self) }
    }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(Int.self) }
    }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 {
        try plain(key) { value throws(InputKind) in try value.readInteger(Int8.self) }
    }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(Int8.self) }
    }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 {
        try plain(key) { value throws(InputKind) in try value.readInteger(Int16.self) }
    }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(Int16.self) }
    }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 {
        try plain(key) { value throws(InputKind) in try value.readInteger(Int32.self) }
    }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(Int32.self) }
    }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 {
        try plain(key) { value throws(InputKind) in try value.readInteger(Int64.self) }
    }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(Int64.self) }
    }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 {
        try plain(key) { value throws(InputKind) in try value.readInteger(Int128.self) }
    }
    func decodeIfPresent(_ type: Int128.Type, forKey key: Key) throws -> Int128? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(Int128.self) }
    }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt {
        try plain(key) { value throws(InputKind) in try value.readInteger(UInt.self) }
    }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(UInt.self) }
    }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 {
        try plain(key) { value throws(InputKind) in try value.readInteger(UInt8.self) }
    }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(UInt8.self) }
    }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 {
        try plain(key) { value throws(InputKind) in try value.readInteger(UInt16.self) }
    }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(UInt16.self) }
    }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 {
        try plain(key) { value throws(InputKind) in try value.readInteger(UInt32.self) }
    }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(UInt32.self) }
    }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 {
        try plain(key) { value throws(InputKind) in try value.readInteger(UInt64.self) }
    }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(UInt64.self) }
    }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 {
        try plain(key) { value throws(InputKind) in try value.readInteger(UInt128.self) }
    }
    func decodeIfPresent(_ type: UInt128.Type, forKey key: Key) throws -> UInt128? {
        try plainIfPresent(key) { value throws(InputKind) in try value.readInteger(UInt128.self) }
    }
}
