/// A variable whose value cannot be used.
public struct SettingFault: Error, Hashable, CustomStringConvertible {
    /// The name in the environment.
    public let key: String
    /// The text as given, secrets redacted.
    public let value: String
    /// What is expected instead.
    public let expected: String

    /// One line: `PORT=80a: expected a port number, 0 to 65535`.
    public var description: String { "\(key)=\(value): expected \(expected)" }
}

/// All faults of an environment at once.
public struct InvalidSettings: Error {
    /// In the order of the declarations.
    public let faults: [SettingFault]
}
