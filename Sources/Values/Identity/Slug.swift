/// The name of one resource in URLs and in the store, chosen by people, such as `101` or `garden-suite`.
///
/// ```swift
/// typealias RoomID = Slug<Room>  // not to be confused with Slug<Hotel>
/// ```
@frozen
public struct Slug<Resource>: Hashable, Sendable {
    /// 1 to 32 of `a-z`, `0-9` and `-`, a hyphen only between two of the others.
    public let text: String

    /// Nil unless the text is such a slug.
    @inlinable
    public init?(_ text: String) {
        guard SlugText.isValid(text) else { return nil }
        self.text = text
    }

    private init(trusted text: String) {
        self.text = text
    }
}

extension Slug: Comparable {
    /// By the bytes of the slug, as every store sorts it.
    @inlinable
    public static func < (left: Slug, right: Slug) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

extension Slug: CustomStringConvertible {
    /// The slug.
    @inlinable
    public var description: String { text }
}

/// The rule of slugs, whatever they name.
@usableFromInline
enum SlugText {
    @usableFromInline static let longest = 32

    @usableFromInline
    static func isValid(_ text: String) -> Bool {
        var previous = UInt8(ascii: "-")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): break
            case UInt8(ascii: "-") where previous != byte: break
            default: return false
            }
            previous = byte
        }
        return previous != UInt8(ascii: "-") && text.utf8.count <= longest
    }
}

extension Slug: Validated {
    /// The slug.
    @inlinable
    public var raw: String { text }

    /// Whose name it is, by the resource's type.
    public static var expectation: String { "must be the id of " + ResourceWords.withArticle(Resource.self) }

    /// That of the resource's example, if the resource has one and is `Identifiable` by it; else one that fits anything.
    public static var example: Slug {
        (Resource.self as? any (ExampleProviding & Identifiable).Type)?.exampleID as? Slug ?? Slug(trusted: "example-1")
    }

    /// The rule, as a pattern.
    public static var constraints: Constraints {
        Constraints(minLength: 1, maxLength: SlugText.longest, pattern: "^[a-z0-9]+(-[a-z0-9]+)*$")
    }
}

extension ExampleProviding where Self: Identifiable {
    fileprivate static var exampleID: ID { example.id }
}
