/// The input is not acceptable; every faulty field is named at once.
public struct InvalidInput: Error, Hashable {
    /// At least one, in the order of the fields; at most one for a field.
    public let errors: [FieldError]

    /// The refusal for these reasons.
    public init(_ errors: [FieldError]) {
        self.errors = errors
    }
}

extension InvalidInput: CustomStringConvertible {
    /// All of them in one line.
    public var description: String {
        errors.map(\.description).joined(separator: "; ")
    }
}
