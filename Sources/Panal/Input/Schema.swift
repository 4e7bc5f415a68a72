public import Values

/// What JSON of a type looks like, read from the type itself: from the same declaration that decodes and encodes it.
///
/// ```swift
/// let schema = Schema(of: NewOrder.self)
/// schema.properties.first  // email, required, a string of format "email"
/// ```
///
/// Types that synthesize their `Codable` are read whole. One with an `init(from:)` of its own is read as far as it asks for its
/// members by name.
public struct Schema: Hashable, Sendable {
    /// What kind of JSON value.
    public enum Kind: Hashable, Sendable {
        /// Any value: nothing is known of the type.
        case any
        /// A string.
        case string
        /// A number without a fraction.
        case integer
        /// A number.
        case number
        /// `true` or `false`.
        case boolean
        /// An array, each of whose elements looks like this.
        indirect case array(Schema)
        /// An object with these members.
        case object([Property])
    }

    /// A member of an object.
    public struct Property: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// Its value.
        public let schema: Schema
        /// Whether it must be there.
        public let isRequired: Bool
    }

    /// What kind of JSON value.
    public var kind: Kind

    /// What an object's type is called, `NewOrder`; that of a generic type is made of all its names: `Record<Item>` is `ItemRecord`.
    public var name: String?

    /// The rule in words, of a type that has one: "must be a whole number from 1 to 20".
    public var expectation: String?

    /// The rule in the words of JSON Schema.
    public var constraints = Constraints()

    /// The values of an enumeration; empty for anything else.
    public var choices: [String] = []

    /// A value of this kind as JSON, of a type that has an example.
    public var example: String?

    /// The members of an object; empty for anything else.
    public var properties: [Property] {
        if case .object(let properties) = kind { properties } else { [] }
    }

    /// The schema of a type.
    public init<Value: Decodable>(of type: Value.Type) {
        self = SchemaReader.schema(of: type, depth: 0)
    }

    init(_ kind: Kind) {
        self.kind = kind
    }
}
