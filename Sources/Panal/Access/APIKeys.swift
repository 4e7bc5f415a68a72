import HTTPServer

/// What `API_KEYS` says: who opens the API, or that nobody needs a key.
public struct APIKeys: Sendable {
    /// The entries, in their order.
    public let entries: [APIKey]
    /// Whether it was said that the API is open, rather than nothing.
    public let isDeclaredOpen: Bool

    /// Whether nobody is asked.
    public var areNone: Bool { entries.isEmpty }

    /// The word that says so.
    static let open = "open"

    static let expected =
        "`open`, or entries NAME=SCOPES:sha256:HASH separated by commas or line breaks, such as "
        + "front-desk=read+write:sha256:9f86…, each perhaps with :expires:2027-01-31 at its end; "
        + "the command `keys new NAME` makes one, `keys hash NAME` makes one of a key that clients have already"

    /// Reads the setting: entries separated by commas or line breaks; a line that begins with `#` says nothing. Nil for a text that has
    /// something else in it, no entry, or a key twice.
    init?(_ text: String) {
        isDeclaredOpen = text == Self.open
        if text.isEmpty || isDeclaredOpen {
            entries = []
            return
        }
        let lines = text.split(whereSeparator: \.isNewline).map(\.trimmed).filter { !$0.hasPrefix("#") }
        let parts = lines.flatMap { $0.split(separator: ",") }.map(\.trimmed).filter { !$0.isEmpty }
        entries = parts.compactMap { APIKey(entry: $0) }
        // A key with two entries would be somebody else by their order.
        let digests = Set(entries.map { $0.entry.split(separator: ":sha256:").last?.prefix(64) })
        guard !parts.isEmpty, entries.count == parts.count, digests.count == entries.count else { return nil }
    }

    /// In words, for who reads the configuration.
    var summary: String {
        if isDeclaredOpen { return "open: nobody is asked for a key" }
        if entries.isEmpty { return "none, the API is open" }
        return entries.map { key in
            let scopes = key.scopes.sorted().map(\.name).joined(separator: "+")
            return key.name + "=" + scopes + (key.expires.map { " until \($0)" } ?? "")
        }.joined(separator: ", ")
    }
}
