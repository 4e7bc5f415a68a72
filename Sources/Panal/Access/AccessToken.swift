/// A secret that opens something, kept as it is. It has no description, so it cannot slip into a log.
public struct AccessToken: Sendable {
    private let bytes: [UInt8]

    /// Nil unless the text is 16 to 256 visible ASCII characters.
    public init?(_ text: some StringProtocol) {
        let utf8 = Array(text.utf8)
        guard Self.isPossible(utf8) else { return nil }
        bytes = utf8
    }

    /// Whether it could be one.
    static func isPossible(_ text: some Collection<UInt8>) -> Bool {
        (16...256).contains(text.count) && text.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// Compares in a time that depends on the length alone, so that a caller cannot find the token byte by byte.
    public func matches(_ presented: some Collection<UInt8>) -> Bool {
        guard presented.count == bytes.count else { return false }
        return zip(bytes, presented).reduce(0) { difference, pair in difference | (pair.0 ^ pair.1) } == 0
    }
}

extension AccessToken: CustomReflectable, CustomStringConvertible {
    /// Nothing of the token.
    public var description: String { "<redacted>" }
    /// Nothing of the token.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
