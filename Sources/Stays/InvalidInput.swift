/// The input is not acceptable; every faulty field is named at once.
public struct InvalidInput: Error, Hashable {
    /// At least one, in the order of the fields; at most one for a field.
    public let faults: [Fault]

    /// The refusal for these faults.
    public init(_ faults: [Fault]) {
        self.faults = faults
    }
}

extension InvalidInput: CustomStringConvertible {
    /// All faults in one line.
    public var description: String {
        faults.map { $0.field + " " + $0.detail }.joined(separator: "; ")
    }
}
