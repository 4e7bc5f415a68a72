/// Input as it came, before anybody asks what it means: a JSON text, or the parameters of a query.
enum InputValue {
    /// There is no such member.
    case missing
    /// JSON's `null`: to us the same as no member.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, as it was written.
    case number(String)
    /// A string.
    case string(String)
    /// The values of a query's parameter, at least one. Text there stands for whatever is asked for, number or word.
    case parameter([String])
    /// An array.
    case array([InputValue])
    /// An object, or all parameters of a query.
    case object(InputObject)
    /// Nothing that came: it takes the place of a faulty value and gives something for whatever is asked.
    case blank

    var isBlank: Bool { if case .blank = self { true } else { false } }

    var isAbsent: Bool {
        switch self {
        case .missing, .null: true
        default: false
        }
    }
}

/// The members of an object, in their order.
struct InputObject {
    private(set) var members: [(name: String, value: InputValue)] = []

    /// Where the members are, once there are so many that looking through all of them for each would take long.
    private var places: [String: Int]?

    private static let most = 16

    /// Adds a member whose name no other one has.
    mutating func append(_ name: String, _ value: InputValue) {
        if members.count == Self.most {
            places = Dictionary(
                members.enumerated().map { ($1.name, $0) },
                uniquingKeysWith: { first, _ in first }
            )
        }
        places?[name] = members.count
        members.append((name, value))
    }

    /// Adds a query's parameter, or one more value of it.
    mutating func append(parameter name: String, _ value: String) {
        guard let place = place(of: name) else { return append(name, .parameter([value])) }
        guard case .parameter(var values) = members[place].value else { return }
        // Not held here any longer, or each value would copy those before it.
        members[place].value = .missing
        values.append(value)
        members[place].value = .parameter(values)
    }

    subscript(name: String) -> InputValue { place(of: name).map { members[$0].value } ?? .missing }

    private func place(of name: String) -> Int? {
        if let places { return places[name] }
        return members.firstIndex { $0.name == name }
    }
}
