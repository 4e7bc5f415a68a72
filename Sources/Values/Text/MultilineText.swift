/// Text of several lines that people type, at most so many characters long: `MultilineText<500>`. Line feeds, carriage returns
/// and tabs are all the control characters it may hold.
public struct MultilineText<let limit: Int>: Hashable, Sendable {
    /// The text without the space around it.
    public let text: String

    /// Nil when nothing visible is left after trimming, when more than `limit` characters (or four times as many bytes) are,
    /// or when another control character is among them.
    public init?(_ raw: String) {
        let trimmed = SingleLine.trim(raw)
        guard trimmed.utf8.count <= limit * 4, trimmed.count <= limit, SingleLine.isVisible(trimmed) else { return nil }
        guard !trimmed.unicodeScalars.contains(where: { !Self.isLayout($0) && SingleLine.isForbidden($0) }) else {
            return nil
        }
        text = trimmed
    }

    private init(trusted text: String) {
        self.text = text
    }

    private static func isLayout(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\n" || scalar == "\r" || scalar == "\t"
    }
}

extension MultilineText: Validated {
    /// The text.
    public var raw: String { text }

    /// How long, and how it must look.
    public static var expectation: String { "must be 1 to \(limit) characters, one of them visible" }

    /// As many letters as fit, at most four.
    public static var example: MultilineText { MultilineText(trusted: String("text".prefix(Swift.max(1, limit)))) }

    /// The length.
    public static var constraints: Constraints { Constraints(minLength: 1, maxLength: limit) }
}

extension MultilineText: CustomStringConvertible {
    /// The text.
    public var description: String { text }
}
