/// One thing that is wrong with one field of the input.
public struct Fault: Hashable, Sendable {
    /// The field as the client knows it: `from`, `guest.email`.
    public let field: String

    /// What the field must be, as the end of a sentence that begins with the field: "must be after from".
    public let detail: String

    /// A fault of this field.
    public init(field: String, detail: String) {
        self.field = field
        self.detail = detail
    }

    /// Nobody can arrive before today.
    public static func pastArrival(today: CivilDate) -> Fault {
        Fault(field: "from", detail: "must not be before today, \(today) in UTC")
    }
}
