/// Where a PostgreSQL database is: a URL of libpq, such as `postgres://app:secret@db.internal:5432/stays?sslmode=verify-full`
/// (PostgreSQL, "Connection URIs"). Hosts, ports and parameters are libpq's and are handed on to it as they are.
public struct PostgreSQLLocation: Hashable, Sendable {
    /// The whole URL, password included: only for libpq.
    let secretURL: String

    /// The database at a URL that begins with `postgres://` or `postgresql://`.
    /// - Throws: What is wrong with the URL and how to write it; the password stands in no error.
    public init(url: String) throws(InvalidDatabaseURL) {
        guard let scheme = Self.schemes.first(where: { url.hasPrefix($0) }) else {
            throw InvalidDatabaseURL("asks for PostgreSQL without // after the scheme", write: Self.example)
        }
        let rest = url.dropFirst(scheme.count)
        guard !rest.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
            throw InvalidDatabaseURL("holds white space or control characters; write them as %20", write: Self.example)
        }
        guard Self.hasSoundEscapes(rest) else {
            throw InvalidDatabaseURL(
                "has a % without two hexadecimal digits; write % itself as %25",
                write: Self.example
            )
        }
        let authority = rest.prefix { !"/?".contains($0) }
        // libpq takes what stands before the first @ of the authority for the user and the password.
        guard authority.filter({ $0 == "@" }).count <= 1,
            !rest.dropFirst(authority.count).prefix(while: { $0 != "?" })
                .contains("@")
        else {
            throw InvalidDatabaseURL(
                "has a / or a second @ before its host; write those of a password as %2F and %40",
                write: Self.example
            )
        }
        secretURL = url
    }

    /// How such a URL looks.
    static let example = "postgres://user:password@host:5432/database"

    private static let schemes = ["postgres://", "postgresql://"]

    private static func hasSoundEscapes(_ text: Substring) -> Bool {
        var rest = text.utf8
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[rest.index(after: percent)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
                return false
            }
            rest = rest[rest.index(after: percent)...].dropFirst(2)
        }
        return true
    }
}

extension PostgreSQLLocation: CustomStringConvertible {
    /// The URL without its passwords.
    public var description: String { DatabaseURL.redacted(secretURL) }
}
