public import HTTPServer
public import Values

/// An API key as the service knows it: whose it is, what it opens, and its hash, of which nobody gets the key. As text
///
///     front-desk=read+write:sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08:expires:2027-01-31
///
/// A client sends the key itself, as `Authorization: Bearer …` (RFC 6750 section 2.1). Its hash is a plain SHA-256 because a key
/// is made at random (`keys new`): unlike a password it cannot be guessed, so slow hashing would only slow the service down.
public struct APIKey: Sendable {
    /// Who it was made for: 1 to 64 of `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`. Two keys of one name are one caller's, while it changes
    /// from the one to the other.
    public var name: String { caller.name }
    /// What it opens.
    public var scopes: Set<Scope> { caller.scopes }
    /// The day from whose beginning (in UTC) on it opens nothing; `nil` for never.
    public let expires: CivilDate?

    let caller: Caller
    private let digest: SHA256.Digest

    /// The entry for a key that somebody has. `nil` when the name is none, there is no scope, or the key is not 16 to 256 visible ASCII
    /// characters.
    public init?(_ key: some StringProtocol, name: String, scopes: Set<Scope>, expires: CivilDate? = nil) {
        let bytes = Array(key.utf8)
        guard AccessToken.isPossible(bytes) else { return nil }
        self.init(SHA256.hash(bytes), name: name, scopes: scopes, expires: expires)
    }

    /// Reads an entry.
    public init?(entry: some StringProtocol) {
        let entry = String(entry)
        guard let equals = entry.firstIndex(of: "="), let hash = entry.firstRange(of: Self.hashMark),
            equals < hash.lowerBound
        else { return nil }
        let words = entry[entry.index(after: equals)..<hash.lowerBound]
            .split(separator: "+", omittingEmptySubsequences: false)
        let scopes = Set(words.compactMap { Scope($0) })
        guard scopes.count == words.count else { return nil }
        var digits = entry[hash.upperBound...]
        var expires: CivilDate?
        if let mark = digits.firstRange(of: Self.expiryMark) {
            guard let date = CivilDate(String(digits[mark.upperBound...])) else { return nil }
            expires = date
            digits = digits[..<mark.lowerBound]
        }
        guard let digest = SHA256.Digest(hex: digits) else { return nil }
        self.init(digest, name: String(entry[..<equals]), scopes: scopes, expires: expires)
    }

    private init?(_ digest: SHA256.Digest, name: String, scopes: Set<Scope>, expires: CivilDate?) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "._-".utf8.contains(byte)
            }
        }
        guard isPlain, (1...64).contains(name.utf8.count), !scopes.isEmpty else { return nil }
        caller = Caller(name: name, scopes: scopes)
        self.digest = digest
        self.expires = expires
    }

    private static let hashMark = ":sha256:"
    private static let expiryMark = ":expires:"

    /// The text that ``init(entry:)`` reads.
    public var entry: String {
        let words = scopes.sorted().map(\.name).joined(separator: "+")
        return name + "=" + words + Self.hashMark + digest.hex
            + (expires.map { Self.expiryMark + $0.description } ?? "")
    }

    /// Whether it is the key of which this is the hash.
    func matches(_ hash: SHA256.Digest) -> Bool { digest.matches(hash) }

    /// Whether it opens nothing any more.
    func hasExpired(at now: Timestamp) -> Bool { expires.map { now.date >= $0 } ?? false }
}

extension APIKey: CustomReflectable, CustomStringConvertible {
    /// Its name, and nothing of the key.
    public var description: String { name }
    /// Its name, and nothing of the key.
    public var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
