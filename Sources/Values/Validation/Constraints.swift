/// What of a value's rule can be said in the words of JSON Schema (draft 2020-12, section 6 of its validation part).
public struct Constraints: Hashable, Sendable {
    /// The smallest number.
    public var minimum: Int?
    /// The largest number.
    public var maximum: Int?
    /// The fewest characters.
    public var minLength: Int?
    /// The most characters.
    public var maxLength: Int?
    /// The fewest elements.
    public var minItems: Int?
    /// The most elements.
    public var maxItems: Int?
    /// A name for the form of a string, such as `date` or `email`.
    public var format: String?
    /// A regular expression (ECMA-262) that the whole string matches.
    public var pattern: String?

    /// These constraints; nil for those that a rule does not have.
    public init(
        minimum: Int? = nil,
        maximum: Int? = nil,
        minLength: Int? = nil,
        maxLength: Int? = nil,
        minItems: Int? = nil,
        maxItems: Int? = nil,
        format: String? = nil,
        pattern: String? = nil
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.minLength = minLength
        self.maxLength = maxLength
        self.minItems = minItems
        self.maxItems = maxItems
        self.format = format
        self.pattern = pattern
    }
}
