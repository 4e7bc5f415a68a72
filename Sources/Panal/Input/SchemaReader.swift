import Values

/// Finds out what a type is made of by having it decode from a blank input, which notes what it asks for.
enum SchemaReader {
    /// A type may hold itself, in an array for example.
    private static let deepest = 16

    static func schema<Value: Decodable>(of type: Value.Type, depth: Int) -> Schema {
        guard depth < deepest else { return Schema(.any) }
        if let container = type as? any SchemaContainer.Type { return container.schema(depth: depth) }
        return known(type, depth: depth) ?? noted(of: type, depth: depth)
    }

    /// What a query of this type is made of. Examples are those of its own example, if it has one.
    static func parameters<Value: Decodable>(of type: Value.Type) -> [Schema.Property] {
        let properties = schema(of: type, depth: 0).properties
        guard let exemplary = type as? any ExampleProviding.Type else { return properties }
        let examples = SchemaEncoder.membersOfExample(of: exemplary)
        return properties.map { property in
            var schema = property.schema
            schema.example = examples[property.name] ?? schema.example
            return Schema.Property(name: property.name, schema: schema, isRequired: property.isRequired)
        }
    }

    /// Of a type that says itself what it is; nil for one that must be asked for its members.
    static func known(_ type: Any.Type, depth: Int) -> Schema? {
        if let validated = type as? any Validated.Type { return schema(ofValidated: validated, depth: depth) }
        if let choices = type as? any CaseIterable.Type, let schema = schema(ofChoices: choices) { return schema }
        return kind(of: type).map { Schema($0) }
    }

    private static func schema<Value: Validated>(ofValidated type: Value.Type, depth: Int) -> Schema {
        var schema = schema(of: Value.Raw.self, depth: depth + 1)
        if schema.name != nil { schema.name = SchemaName.of(type) }
        schema.expectation = Value.expectation
        schema.constraints = Value.constraints
        schema.example = (try? JSONValueEncoder.encode(Value.example)).map { String(decoding: $0, as: UTF8.self) }
        return schema
    }

    private static func schema<Value: CaseIterable>(ofChoices type: Value.Type) -> Schema? {
        let values = type.allCases.compactMap { $0 as? any RawRepresentable }
        guard let first = values.first, !values.isEmpty else { return nil }
        var schema = Schema(first.isText ? .string : .integer)
        schema.choices = values.map(\.text)
        schema.expectation = InputExpectation.rule(of: type)
        schema.example = schema.choices.first.map { first.isText ? "\"" + $0 + "\"" : $0 }
        return schema
    }

    private static func kind(of type: Any.Type) -> Schema.Kind? {
        switch type {
        case is String.Type: .string
        case is Bool.Type: .boolean
        case is Double.Type, is Float.Type: .number
        case is any FixedWidthInteger.Type: .integer
        default: nil
        }
    }

    private static func noted<Value: Decodable>(of type: Value.Type, depth: Int) -> Schema {
        let notes = InputDecoder.notes(of: type)
        if let single = notes.single { return schema(of: single, depth: depth + 1) }
        guard !notes.members.isEmpty || notes.isKeyed else { return Schema(.any) }
        var schema = Schema(
            .object(
                notes.members.map { member in
                    Schema.Property(
                        name: member.name,
                        schema: member.type.map { Self.schema(of: $0, depth: depth + 1) } ?? Schema(.any),
                        isRequired: member.isRequired
                    )
                }
            )
        )
        schema.name = SchemaName.of(type)
        if let exemplary = type as? any ExampleProviding.Type { schema.example = exemplary.encodedExample }
        return schema
    }
}

/// What a type asked of a blank input.
struct InputNotes {
    struct Member {
        let name: String
        /// Nil for one that was taken apart by hand.
        let type: (any Decodable.Type)?
        let isRequired: Bool
    }

    var members: [Member] = []
    var isKeyed = false
    /// The plain value it is made of.
    var single: (any Decodable.Type)?
}

extension ExampleProviding {
    /// As JSON; nil when it cannot be encoded.
    static var encodedExample: String? {
        (try? JSONValueEncoder.encode(example)).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension RawRepresentable {
    fileprivate var isText: Bool { rawValue is String }
}

/// A generic type of the standard library that says nothing of what it holds when it is empty.
private protocol SchemaContainer {
    static func schema(depth: Int) -> Schema
}

extension Optional: SchemaContainer where Wrapped: Decodable {
    static func schema(depth: Int) -> Schema { SchemaReader.schema(of: Wrapped.self, depth: depth + 1) }
}

extension Array: SchemaContainer where Element: Decodable {
    static func schema(depth: Int) -> Schema { Schema(.array(SchemaReader.schema(of: Element.self, depth: depth + 1))) }
}

extension Set: SchemaContainer where Element: Decodable {
    static func schema(depth: Int) -> Schema { Schema(.array(SchemaReader.schema(of: Element.self, depth: depth + 1))) }
}
