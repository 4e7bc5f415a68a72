/// Text that people type into one line, at most so many characters long: `Text<80>`. See ``SingleLine`` for what is refused;
/// at least one character must be visible.
public struct Text<let limit: Int>: Hashable, Sendable {
    /// The text without the space around it.
    public let text: String

    /// Nil when nothing visible is left after trimming, when more than `limit` characters are, or when a control character is
    /// among them.
    public init?(_ raw: String) {
        guard let line = SingleLine(raw, limit: limit), line.isVisible else { return nil }
        text = line.text
    }

    private init(trusted text: String) {
        self.text = text
    }
}

extension Text: Validated {
    /// The text.
    public var raw: String { text }

    /// How long, and how it must look.
    public static var expectation: String {
        "must be 1 to \(limit) characters on one line, one of them visible"
    }

    /// As many letters as fit, at most four.
    public static var example: Text { Text(trusted: String("text".prefix(Swift.max(1, limit)))) }

    /// The length.
    public static var constraints: Constraints { Constraints(minLength: 1, maxLength: limit) }
}

extension Text: CustomStringConvertible {
    /// The text.
    public var description: String { text }
}
