/// Collects what is wrong with the fields of an input, at most one error for each.
///
/// ```swift
/// var validator = Validator()
/// validator.require(order.total < 1_000, "total", "must be less than 1000")
/// try validator.finish()
/// ```
public struct Validator: Sendable {
    /// What was found so far, in the order it was found.
    public private(set) var errors: [FieldError]

    /// The path of the object whose fields are named; empty for the whole input.
    private let prefix: String

    /// A validator that has found nothing yet.
    public init() {
        self.init(known: [], prefix: "")
    }

    /// A validator for the fields of one object of an input.
    /// - Parameters:
    ///   - known: What is known to be wrong with the whole input, each by its full path.
    ///   - prefix: The path of the object, such as `items[2]`; empty for the outermost.
    public init(known: [FieldError], prefix: String = "") {
        errors = known
        self.prefix = prefix
    }

    /// Whether something is wrong with this field, or with a part of it.
    public func isFaulty(_ field: String) -> Bool {
        let path = path(of: field)
        return errors.contains { error in
            guard error.field.hasPrefix(path) else { return false }
            let rest = error.field.utf8.dropFirst(path.utf8.count)
            return path.isEmpty || rest.isEmpty || rest.first == UInt8(ascii: ".") || rest.first == UInt8(ascii: "[")
        }
    }

    /// Asks for a rule. It is not looked at when one of its fields is faulty already.
    /// - Parameters:
    ///   - rule: What must hold.
    ///   - field: The field that is wrong when it does not.
    ///   - detail: What the field must be, as the end of a sentence that begins with it.
    ///   - other: The other field that the rule reads.
    public mutating func require(
        _ rule: @autoclosure () -> Bool,
        _ field: String,
        _ detail: @autoclosure () -> String,
        given other: String? = nil
    ) {
        // As a rule nothing is wrong.
        if !errors.isEmpty, isFaulty(field) || other.map(isFaulty) == true { return }
        if !rule() { errors.append(FieldError(field: path(of: field), detail: detail())) }
    }

    /// Asks for a rule that reads several other fields.
    public mutating func require(
        _ rule: @autoclosure () -> Bool,
        _ field: String,
        _ detail: @autoclosure () -> String,
        given first: String,
        _ second: String,
        _ others: String...
    ) {
        if ([second] + others).contains(where: isFaulty) { return }
        require(rule(), field, detail(), given: first)
    }

    /// Ends the validation.
    /// - Throws: All that was found, when something was.
    public func finish() throws(InvalidInput) {
        if !errors.isEmpty { throw InvalidInput(errors) }
    }

    private func path(of field: String) -> String {
        prefix.isEmpty ? field : field.isEmpty ? prefix : prefix + "." + field
    }
}
