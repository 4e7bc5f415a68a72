import Configuration

/// One pass over the environment that goes on after a fault, so that all faults are reported together.
struct SettingsReading {
    /// A setting that is in force: its text shows no secret.
    struct Found: Sendable {
        enum Source: String, Sendable {
            case environment
            case `default`
        }

        let key: String
        let text: String
        let source: Source
    }

    private(set) var found: [Found] = []
    private(set) var faults: [SettingFault] = []
    private let environment: ConfigReader

    init(environment: ConfigReader) {
        self.environment = environment
    }

    /// The value of a setting; after a fault its default, which nobody will use.
    ///
    /// An empty variable counts as unset: that is how platforms and `.env` files switch one off. Any other must say
    /// something: one of white space or separators alone (`","` is what `"$OLD,$NEW"` becomes with both unset) is a
    /// fault, so that no mishap opens a door.
    mutating func value<Value>(of setting: Setting<Value>) -> Value {
        let about = setting.description
        let given = environment.string(forKey: ConfigKey([about.key])).flatMap { $0.isEmpty ? nil : $0 }
        let text = given ?? about.defaultText
        let isBlank = given?.allSatisfy(\.isWhitespace) ?? false
        guard !isBlank, let value = setting.parse(text) else {
            faults.append(SettingFault(key: about.key, value: about.redact(text), expected: about.expected))
            guard let value = setting.parse(about.defaultText) else {
                preconditionFailure("the default of \(about.key) is not \(about.expected)")
            }
            return value
        }
        found.append(
            Found(
                key: about.key,
                text: setting.show.map { $0(value) } ?? about.redact(text),
                source: given == nil ? .default : .environment
            )
        )
        return value
    }
}

/// A variable whose value cannot be used.
struct SettingFault: Error, Hashable, CustomStringConvertible {
    let key: String
    /// The text as given, secrets redacted.
    let value: String
    let expected: String

    var description: String { "\(key)=\(value): expected \(expected)" }
}

/// All faults of an environment at once.
struct InvalidSettings: Error {
    let faults: [SettingFault]
}
