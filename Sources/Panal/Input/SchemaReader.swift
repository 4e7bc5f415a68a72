import Values

/// Finds out what a type is made of by having it decode from a blank input, which notes what it asks for.
enum SchemaReader {
    /// A type may hold itself, in an array for example.
    private static let deepest = 16

    static func schema<Value: Decodable>(of type: Value.Type, depth: Int) -> Schema {
        guard depth < deepest else { return Schema(.any) }
        if let container = type as? any SchemaContainer.Type { return container.schema(depth: depth) }
        if let validated = type as? any Validated.Type { return schema(ofValidated: validated, depth: depth) }
        if let choices = type as? any CaseIterable.Type, let schema = schema(ofChoices: choices) { return schema }
        if let kind = kind(of: type) { return Schema(kind) }
        return noted(of: type, depth: depth)
    }

    private static func schema<Value: Validated>(ofValidated type: Value.Type, depth: Int) -> Schema {
        var schema = schema(of: Value.Raw.self, depth: depth + 1)
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
        return Schema(
            .object(
                notes.members.map { member in
                    Schema.Property(
                        name: member.name,
                        schema: member.type.map { schema(of: $0, depth: depth + 1) } ?? Schema(.any),
                        isRequired: member.isRequired
                    )
                }
            )
        )
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
