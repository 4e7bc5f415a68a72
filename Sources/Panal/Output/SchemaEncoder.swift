import Values

/// Finds out what a value is written as: it notes the name and the type of each member instead of writing it. So a type that
/// only encodes itself says its members once, too.
final class SchemaEncoder: Encoder {
    private var properties: [Schema.Property] = []
    private var isKeyed = false
    private var element: Schema?
    private var isUnkeyed = false
    private var single: Schema?
    private var examples: [String: String] = [:]

    /// The members of a type's example, by their names, as JSON: they fit each other, as examples of their types may not.
    static func membersOfExample<Value: ExampleProviding>(of type: Value.Type) -> [String: String] {
        let encoder = SchemaEncoder()
        return (try? Value.example.encode(to: encoder)) == nil ? [:] : encoder.examples
    }

    /// What a type is written as; `any` where nothing is known of it.
    static func schema(of type: any Encodable.Type) -> Schema {
        if let known = SchemaReader.known(type, depth: 0) { return known }
        if let exemplary = type as? any ExampleProviding.Type { return schema(byExampleOf: exemplary) }
        if let decodable = type as? any Decodable.Type { return Schema(of: decodable) }
        return Schema(.any)
    }

    private static func schema<Value: ExampleProviding>(byExampleOf type: Value.Type) -> Schema {
        var schema = schema(of: Value.example)
        schema.example = Value.encodedExample
        return schema
    }

    /// What a value is written as.
    static func schema<Value: Encodable>(of value: Value) -> Schema {
        if let known = SchemaReader.known(Value.self, depth: 0) { return known }
        let encoder = SchemaEncoder()
        let isEncodable = (try? value.encode(to: encoder)) != nil
        var schema = encoder.schema
        if schema.kind == .any || !isEncodable { schema = self.schema(ofUnwritten: Value.self) }
        if case .object = schema.kind { schema.name = SchemaName.of(Value.self) }
        return schema
    }

    /// Of a value that has written nothing, such as an empty array, or that is not there.
    fileprivate static func schema(ofUnwritten type: any Encodable.Type) -> Schema {
        if let known = SchemaReader.known(type, depth: 0) { return known }
        return (type as? any Decodable.Type).map { Schema(of: $0) } ?? Schema(.any)
    }

    private var schema: Schema {
        if isKeyed { return Schema(.object(properties)) }
        if isUnkeyed { return element.map { Schema(.array($0)) } ?? Schema(.any) }
        return single ?? Schema(.any)
    }

    fileprivate func note(_ name: String, _ schema: Schema, isRequired: Bool) {
        properties.append(Schema.Property(name: name, schema: schema, isRequired: isRequired))
    }

    fileprivate func note(_ value: some Encodable, as name: String) {
        examples[name] = (try? JSONValueEncoder.encode(value)).map { String(decoding: $0, as: UTF8.self) }
    }

    fileprivate func note(element schema: Schema) { if element == nil { element = schema } }

    fileprivate func note(single schema: Schema) { single = schema }

    /// Elements and members that are written by hand are not looked into.
    fileprivate static let unseen = Schema(.any)

    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        isKeyed = true
        return KeyedEncodingContainer(KeyedNotes<Key>(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        isUnkeyed = true
        return UnkeyedNotes(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleNotes(encoder: self) }
}

private struct KeyedNotes<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: SchemaEncoder

    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) { encoder.note(key.stringValue, SchemaEncoder.unseen, isRequired: true) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) {
        encoder.note(key.stringValue, SchemaEncoder.schema(of: value), isRequired: true)
        encoder.note(value, as: key.stringValue)
    }

    // Of these there are versions that refuse, which would be called instead of the general one.
    func encode(_ value: Int128, forKey key: Key) { encoder.note(key.stringValue, Schema(.integer), isRequired: true) }
    func encode(_ value: UInt128, forKey key: Key) { encoder.note(key.stringValue, Schema(.integer), isRequired: true) }

    func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) { note(value, key) }

    private func note<Value: Encodable>(_ value: Value?, _ key: Key) {
        let schema = value.map { SchemaEncoder.schema(of: $0) } ?? SchemaEncoder.schema(ofUnwritten: Value.self)
        encoder.note(key.stringValue, schema, isRequired: false)
        if let value { encoder.note(value, as: key.stringValue) }
    }

    // Of these there are versions that skip nil and so say nothing of it, which would be called instead of the general one.
    func encodeIfPresent(_ value: Bool?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: String?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: Float?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: Int?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: Int8?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: Int16?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: Int32?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: Int128?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: UInt?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: UInt8?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: UInt16?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: UInt32?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: UInt64?, forKey key: Key) { note(value, key) }
    func encodeIfPresent(_ value: UInt128?, forKey key: Key) { note(value, key) }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
        unseen(key.stringValue).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        unseen(key.stringValue).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { unseen("super") }

    func superEncoder(forKey key: Key) -> any Encoder { unseen(key.stringValue) }

    private func unseen(_ name: String) -> SchemaEncoder {
        encoder.note(name, SchemaEncoder.unseen, isRequired: true)
        return SchemaEncoder()
    }
}

private struct UnkeyedNotes: UnkeyedEncodingContainer {
    let encoder: SchemaEncoder
    private(set) var count = 0

    init(encoder: SchemaEncoder) { self.encoder = encoder }

    var codingPath: [any CodingKey] { [] }

    mutating func encodeNil() { count += 1 }

    mutating func encode<Value: Encodable>(_ value: Value) {
        note(SchemaEncoder.schema(of: value))
    }

    mutating func encode(_ value: Int128) { note(Schema(.integer)) }
    mutating func encode(_ value: UInt128) { note(Schema(.integer)) }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> {
        unseen().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { unseen().unkeyedContainer() }

    mutating func superEncoder() -> any Encoder { unseen() }

    private mutating func unseen() -> SchemaEncoder {
        note(SchemaEncoder.unseen)
        return SchemaEncoder()
    }

    private mutating func note(_ schema: Schema) {
        count += 1
        encoder.note(element: schema)
    }
}

private struct SingleNotes: SingleValueEncodingContainer {
    let encoder: SchemaEncoder

    var codingPath: [any CodingKey] { [] }

    func encodeNil() {}

    func encode<Value: Encodable>(_ value: Value) { encoder.note(single: SchemaEncoder.schema(of: value)) }
    func encode(_ value: Int128) { encoder.note(single: Schema(.integer)) }
    func encode(_ value: UInt128) { encoder.note(single: Schema(.integer)) }
}
