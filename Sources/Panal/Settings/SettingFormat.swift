/// How a setting's text is read: what a good one looks like, for error messages, and the value it stands for.
public struct SettingFormat<Value: Sendable>: Sendable {
    /// The form of a good value: "a port number, 0 to 65535". It follows the word "expected" in messages.
    public let expected: String

    /// The value of a text; `nil` when it is not as expected.
    public let parse: @Sendable (String) -> Value?

    /// A format of your own.
    public init(_ expected: String, parse: @escaping @Sendable (String) -> Value?) {
        self.expected = expected
        self.parse = parse
    }
}

extension SettingFormat<String> {
    /// Any text that is not blank.
    public static var text: SettingFormat { SettingFormat("a text") { $0 } }
}

extension SettingFormat<Bool> {
    /// `true` or `false`.
    public static var flag: SettingFormat { SettingFormat("true or false") { Bool($0) } }
}

extension SettingFormat<Int> {
    /// A whole number within a range, in ASCII digits.
    public static func wholeNumber(_ range: ClosedRange<Int>) -> SettingFormat {
        SettingFormat("a whole number, \(range.lowerBound) to \(range.upperBound)") {
            WholeNumberText.parse($0, in: range)
        }
    }

    /// A size in bytes, as people write them: `1048576`, `512KB`, `64MiB`.
    /// - Parameter maximum: The largest, in bytes; whole GiB, for the sake of the message.
    public static func byteSize(atMost maximum: Int) -> SettingFormat {
        SettingFormat(ByteSizeText.expected(atMost: maximum)) { ByteSizeText.parse($0, atMost: maximum) }
    }
}

extension SettingFormat<Duration> {
    /// A length of time, as people write them: `5s`, `250ms`, `2m`; a plain number is seconds. At most 7 days.
    public static func duration(atLeast minimum: Duration = .zero) -> SettingFormat {
        SettingFormat(DurationText.expected(atLeast: minimum)) { DurationText.parse($0, atLeast: minimum) }
    }
}

extension SettingFormat {
    /// One of the names of an enumeration's cases.
    public static func oneOf(_ type: Value.Type = Value.self) -> SettingFormat
    where Value: RawRepresentable<String> & CaseIterable {
        SettingFormat("one of " + Value.allCases.map(\.rawValue).joined(separator: ", ")) { Value(rawValue: $0) }
    }

    /// Elements separated by commas, each read by `element`. Unset is the empty list; a text without any element is a fault.
    /// - Parameters:
    ///   - element: How one of them is read.
    ///   - expected: The form of the whole list.
    public static func list<Element: Sendable>(
        _ expected: String,
        of element: @escaping @Sendable (String) -> Element?
    ) -> SettingFormat where Value == [Element] {
        SettingFormat(expected) { ListText.parse($0, element) }
    }
}
