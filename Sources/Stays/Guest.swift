public import Values

/// Who a room is booked for.
public struct Guest: Encodable, Hashable, Sendable {
    /// Trimmed, 1 to 100 characters on one line.
    public let name: String

    /// Where the guest can be reached.
    public let email: EmailAddress

    /// The longest name, in characters.
    public static let longestName = 100

    /// Nil unless the name is 1 to 100 characters after trimming, without control characters.
    public init?(name: String, email: EmailAddress) {
        guard let name = SingleLine(name, limit: Self.longestName) else { return nil }
        self.name = name.text
        self.email = email
    }
}
