import Values

/// A value is not of the kind that was asked for: a number where a string belongs.
enum InputKind: Error {
    case string
    case bool
    case number
    case integer(atLeast: String, atMost: String)
    case array
    case object

    static func integer<Number: FixedWidthInteger>(_ type: Number.Type) -> InputKind {
        .integer(atLeast: String(Number.min), atMost: String(Number.max))
    }

    /// What it must be.
    var expectation: String {
        switch self {
        case .string: "must be a string"
        case .bool: "must be true or false"
        case .number: "must be a number"
        case .integer(atLeast: String(Int.min), atMost: _): "must be a whole number"
        case .integer(let least, let most): "must be a whole number from \(least) to \(most)"
        case .array: "must be an array"
        case .object: "must be an object"
        }
    }
}

/// What a field must be, by its type.
enum InputExpectation {
    /// Of a type about which nothing is known.
    static let any = "must be a value that is known here"

    /// The rule of a type that has one: its own words, or the choices of an enumeration.
    static func rule(of type: any Any.Type) -> String? {
        if let validated = type as? any Validated.Type { return validated.expectation }
        if let choices = type as? any CaseIterable.Type { return choices.choices }
        if let optional = type as? any OptionalType.Type { return optional.wrappedRule }
        return nil
    }

    /// An object and the members it must have.
    static func object(with members: [String]) -> String {
        members.isEmpty ? InputKind.object.expectation : "must be an object with " + list(members)
    }

    /// `a`, `a and b`, `a, b and c`.
    private static func list(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}

extension CaseIterable {
    fileprivate static var choices: String? {
        let words = allCases.compactMap { ($0 as? any RawRepresentable)?.text }
        return words.isEmpty ? nil : "must be one of " + words.joined(separator: ", ")
    }
}

extension RawRepresentable {
    var text: String { "\(rawValue)" }
}

/// Reaches what an optional is of.
private protocol OptionalType {
    static var wrappedRule: String? { get }
}

extension Optional: OptionalType {
    static var wrappedRule: String? { InputExpectation.rule(of: Wrapped.self) }
}
