/// What a client sends along with a request that it may have to repeat: the same key, the same answer.
/// See the Internet-Draft "The Idempotency-Key HTTP Header Field".
public struct IdempotencyKey: Hashable, Sendable {
    /// 1 to 255 visible ASCII characters.
    public let text: String

    /// How long a store remembers a key at least, while its clock runs right. A client that has not heard an answer within a
    /// day will not ask again.
    public static let lifetime = Duration.seconds(24 * 60 * 60)

    /// Nil unless the text is 1 to 255 visible ASCII characters (no space).
    public init?(_ text: String) {
        guard (1...255).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        self.text = text
    }
}

extension IdempotencyKey: CustomStringConvertible {
    /// The key.
    public var description: String { text }
}
