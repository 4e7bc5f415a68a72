/// A variable whose value cannot be used.
public struct SettingFault: Error, Hashable, CustomStringConvertible {
    /// The name in the environment.
    public let key: String
    /// The text as given, secrets redacted.
    public let value: String
    /// What is expected instead.
    public let expected: String

    /// A fault of a variable, whose secrets are redacted in its value.
    public init(key: String, value: String, expected: String) {
        self.key = key
        self.value = value
        self.expected = expected
    }

    /// One line: `PORT=80a: expected a port number, 0 to 65535`.
    public var description: String { "\(key)=\(value): expected \(expected)" }
}

/// All faults of an environment at once.
public struct InvalidSettings: Error {
    /// In the order of the declarations.
    public let faults: [SettingFault]
}
