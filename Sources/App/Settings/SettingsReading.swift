import Configuration

/// One pass over the environment that goes on after a fault, so that all faults are reported together.
struct SettingsReading {
    /// A setting as found: its text is redacted already.
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
    mutating func value<Value>(of setting: Setting<Value>) -> Value {
        let about = setting.description
        // An empty variable counts as unset: that is how platforms and `.env` files switch one off.
        let text = environment.string(forKey: ConfigKey([about.key])).flatMap { $0.isEmpty ? nil : $0 }
        found.append(
            Found(
                key: about.key,
                text: about.redact(text ?? about.defaultText),
                source: text == nil ? .default : .environment
            )
        )
        if let value = setting.parse(text ?? about.defaultText) { return value }
        faults.append(SettingFault(key: about.key, value: about.redact(text ?? ""), expected: about.expected))
        guard let value = setting.parse(about.defaultText) else {
            preconditionFailure("the default of \(about.key) is not \(about.expected)")
        }
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
