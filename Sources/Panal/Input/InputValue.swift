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
    /// A query's parameter, and its further values when it came several times. Text there stands for whatever is asked for,
    /// number or word.
    case parameter(String, others: [String] = [])
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

    /// The parameters of a query, of which each may come several times.
    init(parameters: [(name: String, value: String)]) {
        members.reserveCapacity(parameters.count)
        for (name, value) in parameters {
            if let place = place(of: name), case .parameter(let first, var others) = members[place].value {
                // Only one may hold the values while they grow, or each new one would copy the others.
                members[place].value = .missing
                others.append(value)
                members[place].value = .parameter(first, others: others)
            } else {
                append(name, .parameter(value))
            }
        }
    }

    init() {}

    subscript(name: String) -> InputValue {
        place(of: name).map { members[$0].value } ?? .missing
    }

    private func place(of name: String) -> Int? {
        if let places { return places[name] }
        return members.firstIndex { $0.name == name }
    }
}
