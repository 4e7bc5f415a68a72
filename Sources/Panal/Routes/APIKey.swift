/// A secret that opens the API. It has no description, so it cannot slip into a log.
public struct APIKey: Sendable {
    private let bytes: [UInt8]

    /// Tells this key from the others where it is kept for long: half of its SHA-256, in hexadecimal. Nobody finds a random
    /// key by it, as would be possible with a hash function that can be run backwards.
    public let fingerprint: String

    /// Nil unless the text is 16 to 256 visible ASCII characters.
    public init?(_ text: some StringProtocol) {
        let utf8 = Array(text.utf8)
        guard (16...256).contains(utf8.count), utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        bytes = utf8
        fingerprint = SHA256.digest(of: utf8).prefix(16).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Compares in a time that depends on the length alone, so that a caller cannot find the key byte by byte.
    public func matches(_ presented: some Collection<UInt8>) -> Bool {
        guard presented.count == bytes.count else { return false }
        return zip(bytes, presented).reduce(0) { difference, pair in difference | (pair.0 ^ pair.1) } == 0
    }
}

extension APIKey: CustomReflectable, CustomStringConvertible {
    /// Nothing of the key.
    public var description: String { "<redacted>" }
    /// Nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
