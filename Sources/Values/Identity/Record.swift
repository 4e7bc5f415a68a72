/// Something that is kept under an identifier. In JSON, and as a row, the identifier stands beside the fields:
/// `{"id":"06f0…","name":"Tea","stock":12}`.
///
/// So the fields can be declared once, in a type that is also what a client sends to create or replace it:
///
/// ```swift
/// let item = try request.json(as: Item.self)
/// let record = Record(id: Identifier(madeAt: .now()), item)
/// ```
public struct Record<Fields: Codable>: Codable, Identifiable {
    /// Its name.
    public let id: Identifier<Fields>

    /// What is kept. A field that is itself called `id` would be written in the identifier's place.
    public let fields: Fields

    /// The fields under an identifier.
    public init(id: Identifier<Fields>, _ fields: Fields) {
        self.id = id
        self.fields = fields
    }

    private enum Keys: CodingKey {
        case id
    }

    /// Reads the identifier, and the fields beside it.
    public init(from decoder: any Decoder) throws {
        id = try decoder.container(keyedBy: Keys.self).decode(Identifier<Fields>.self, forKey: .id)
        fields = try Fields(from: decoder)
    }

    /// Writes the identifier, and the fields beside it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(id, forKey: .id)
        try fields.encode(to: encoder)
    }
}

extension Record: Sendable where Fields: Sendable {}
extension Record: Equatable where Fields: Equatable {}
extension Record: Hashable where Fields: Hashable {}
