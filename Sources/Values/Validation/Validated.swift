/// A value that cannot be built wrong, and that is written and read as something plainer, its raw form: a date as a string, a
/// number of guests as an integer, money as an object of two strings.
///
/// A type that conforms is `Codable` by that. So a field of this type says its name, its type and its rule in one line, and
/// decoders that collect errors, encoders, and whoever makes a schema all learn it from there:
///
/// ```swift
/// struct NewRoom: Codable {
///     let name: Text<80>
///     let capacity: WholeNumber<1, 20>
/// }
///
/// struct Percentage: Validated {
///     let raw: Int
///     init?(_ raw: Int) {
///         guard (0...100).contains(raw) else { return nil }
///         self.raw = raw
///     }
///     static let expectation = "must be a percentage from 0 to 100"
///     static let example = Percentage(50)!
/// }
/// ```
public protocol Validated: Codable, Sendable {
    /// What the value is written as: a string, a number, or anything else that is `Codable`.
    associatedtype Raw: Codable

    /// The value of a raw form; nil when that breaks the rule.
    init?(_ raw: Raw)

    /// The raw form, which reads back as this value.
    var raw: Raw { get }

    /// The rule, as the end of a sentence that begins with the field's name: "must be a whole number from 1 to 20". It must not
    /// repeat what was sent.
    static var expectation: String { get }

    /// Some value of the type: what a schema shows, and what stands in for a faulty field while a decoder looks for the
    /// faults of the others.
    static var example: Self { get }

    /// What of the rule can be said in JSON Schema's words; nothing unless the type says so.
    static var constraints: Constraints { get }
}

extension Validated {
    /// None.
    public static var constraints: Constraints { Constraints() }

    /// Reads the raw form.
    /// - Throws: What reading the raw form throws, and `DecodingError.dataCorrupted` with the ``expectation`` when the rule is
    ///   broken.
    public init(from decoder: any Decoder) throws {
        let raw = try decoder.singleValueContainer().decode(Raw.self)
        guard let value = Self(raw) else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: Self.expectation)
            )
        }
        self = value
    }

    /// Writes the raw form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(raw)
    }
}
