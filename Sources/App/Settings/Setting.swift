/// One environment variable: everything that is known about it, said once.
///
/// The declaration yields the parser, the error text, `App config`, `.env.example` and the README's table.
struct Setting<Value: Sendable>: Sendable {
    let description: SettingDescription
    let parse: @Sendable (String) -> Value?
    /// The value as people are shown it; `nil` is the text it was made from.
    let show: (@Sendable (Value) -> String)?

    /// - Parameters:
    ///   - key: The name in the environment.
    ///   - defaultText: The value when the variable is unset, written as a user would.
    ///   - summary: What it decides, in a line.
    ///   - expected: The form of a good value, for error messages: "a port number, 0 to 65535".
    ///   - redact: Hides what is secret in a text before anyone sees it.
    ///   - show: Says what is in force where the text must not or does not.
    ///   - parse: The value of a text, or `nil` when it is not as expected.
    init(
        _ key: String,
        default defaultText: String,
        _ summary: String,
        expected: String,
        redact: @escaping @Sendable (String) -> String = { $0 },
        show: (@Sendable (Value) -> String)? = nil,
        parse: @escaping @Sendable (String) -> Value?
    ) {
        description = SettingDescription(
            key: key,
            defaultText: defaultText,
            summary: summary,
            expected: expected,
            redact: redact,
            accepts: { parse($0) != nil }
        )
        self.parse = parse
        self.show = show
    }
}

/// What a person wants to know about a setting; its value's type does not matter here.
struct SettingDescription: Sendable {
    let key: String
    let defaultText: String
    let summary: String
    let expected: String
    let redact: @Sendable (String) -> String
    let accepts: @Sendable (String) -> Bool
}
