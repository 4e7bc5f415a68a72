/// One thing that is wrong with one field of the input.
public struct FieldError: Hashable, Sendable {
    /// The field as the client knows it, by its path: `from`, `guest.email`, `items[2].sku`.
    public let field: String

    /// What the field must be, as the end of a sentence that begins with the field: "must be after from".
    public let detail: String

    /// What is wrong with this field.
    public init(field: String, detail: String) {
        self.field = field
        self.detail = detail
    }
}

extension FieldError: CustomStringConvertible {
    /// The sentence: `to must be after from`.
    public var description: String { field + " " + detail }
}
