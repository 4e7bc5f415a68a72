/// One environment variable: everything that is known about it, said once, at the property that holds its value.
///
/// ```swift
/// struct Settings: SettingsGroup {
///     @Setting("PARTNER_TIMEOUT", default: "500ms", "How long a partner may take.", .duration())
///     var partnerTimeout: Duration
/// }
/// ```
///
/// From the declaration come parsing and validation at start, `config`, `.env.example` and the table for a README.
@propertyWrapper
public struct Setting<Value: Sendable>: Sendable {
    /// The value in force.
    public let wrappedValue: Value

    /// Declares a variable, and reads it: groups of settings are only made by ``SettingsReading``.
    /// - Parameters:
    ///   - key: The name in the environment.
    ///   - defaultText: The value when the variable is unset, written as a user would.
    ///   - summary: What it decides, in a line.
    ///   - format: How its text is read.
    ///   - mayBeEmpty: Whether an empty variable counts as unset. Not so where that would open what the variable closes: a
    ///     text that came out empty by mistake is a fault then.
    ///   - isSecret: Whether its text must never be shown. A secret may also come from the file that `<key>_FILE` names.
    ///   - redact: Hides what is secret in a text of which the rest may be shown, such as the password in a URL.
    ///   - show: Says what is in force where the text must not or does not.
    public init(
        _ key: String,
        default defaultText: String,
        _ summary: String,
        _ format: SettingFormat<Value>,
        mayBeEmpty: Bool = true,
        isSecret: Bool = false,
        redact: (@Sendable (String) -> String)? = nil,
        show: (@Sendable (Value) -> String)? = nil
    ) {
        guard let reading = SettingsReading.current else {
            preconditionFailure("\(key) is declared in settings that are not read: use SettingsReading.read(_:)")
        }
        var hide: @Sendable (String) -> String = { $0 }
        if let redact { hide = redact }
        if isSecret { hide = { _ in "<redacted>" } }
        let declaration = SettingDeclaration(
            key: key,
            defaultText: reading.defaultText(of: key) ?? defaultText,
            summary: summary,
            expected: format.expected,
            mayBeEmpty: mayBeEmpty,
            mayComeFromFile: isSecret || redact != nil,
            redact: hide
        )
        wrappedValue = reading.value(of: declaration, format: format, show: show)
    }
}

/// The settings of a service or of a part of it: a struct whose properties are ``Setting``s, without an initializer of its own.
public protocol SettingsGroup: Sendable {
    /// Reads every property's variable.
    init()

    /// What is wrong with settings of which each alone is good, such as one that another needs; nothing by default.
    var contradiction: SettingFault? { get }
}

extension SettingsGroup {
    /// None.
    public var contradiction: SettingFault? { nil }
}

/// The settings of a service that adds none to those every service has.
public struct NoSettings: SettingsGroup {
    /// Nothing to read.
    public init() {}
}

/// What a person wants to know about a setting; its value's type does not matter here.
public struct SettingDeclaration: Sendable {
    /// The name in the environment.
    public let key: String
    /// The value when the variable is unset, as a user would write it.
    public let defaultText: String
    /// What it decides, in a line.
    public let summary: String
    /// The form of a good value.
    public let expected: String
    /// Whether an empty variable counts as unset, rather than as a fault.
    public let mayBeEmpty: Bool
    /// Whether `<key>_FILE` may name a file that holds the value, as orchestrators mount secrets.
    public let mayComeFromFile: Bool

    let redact: @Sendable (String) -> String

    var fileKey: String { key + "_FILE" }
}
