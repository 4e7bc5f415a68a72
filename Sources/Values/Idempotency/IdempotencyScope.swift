/// Whose idempotency keys they are: two clients may choose the same key by chance, and each means its own request.
///
/// What stands in it is for the composition root to say; a store keeps it and compares. It must not be a secret.
public struct IdempotencyScope: Hashable, Sendable {
    /// 1 to 64 of `a-z` and `0-9`.
    public let text: String

    /// All clients of a service that does not tell them apart.
    public static let anonymous = IdempotencyScope(trusted: "anonymous")

    /// Nil unless the text is 1 to 64 of `a-z` and `0-9`.
    public init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard isPlain, (1...64).contains(text.utf8.count) else { return nil }
        self.init(trusted: text)
    }

    private init(trusted text: String) {
        self.text = text
    }
}
