public import Values

/// What If-Match and If-None-Match name. A tag that is no version of ours matches nothing.
public struct EntityTagList: Hashable, Sendable {
    /// For If-Match, which compares strongly: a weak tag (`W/"3"`) matches nothing (RFC 9110 section 13.1.1).
    public let strongVersions: ExpectedVersion
    /// For If-None-Match, which compares weakly: `W/"3"` is `"3"` (RFC 9110 section 13.1.2).
    public let weakVersions: ExpectedVersion

    /// Reads a field's value: `*`, or a list of entity tags, of which empty elements are ignored (RFC 9110 section 5.6.1.2).
    /// Nil when it is neither.
    public init?(_ text: String) {
        if text == "*" {
            strongVersions = .any
            weakVersions = .any
            return
        }
        var strong: [Int] = []
        var weak: [Int] = []
        var rest = text.utf8[...]
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            if let first = rest.first, first != UInt8(ascii: ",") {
                guard let tag = Self.takeTag(from: &rest) else { return nil }
                if let version = Int(tag.opaque), String(version) == tag.opaque {
                    weak.append(version)
                    if !tag.isWeak { strong.append(version) }
                }
                rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            }
            guard let comma = rest.popFirst() else { break }
            guard comma == UInt8(ascii: ",") else { return nil }
        }
        strongVersions = .oneOf(strong)
        weakVersions = .oneOf(weak)
    }

    /// `[ %s"W/" ] DQUOTE *etagc DQUOTE`, where a comma is nothing special (RFC 9110 section 8.8.3).
    private static func takeTag(from rest: inout Substring.UTF8View) -> (isWeak: Bool, opaque: String)? {
        let isWeak = rest.starts(with: "W/".utf8)
        if isWeak { rest = rest.dropFirst(2) }
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        let opaque = rest.prefix { $0 == 0x21 || 0x23...0x7E ~= $0 || $0 >= 0x80 }
        rest = rest[opaque.endIndex...]
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        return (isWeak, String(Substring(opaque)))
    }
}
