/// A place in a list: behind the last element of a page. Clients hand it back as it is and read nothing in it.
///
/// ```swift
/// PageCursor<Identifier<Order>>(after: orders.last.id)
/// ```
public struct PageCursor<Key: Validated & Hashable>: Hashable, Sendable where Key.Raw == String {
    /// What the last element that was seen is sorted by.
    public let lastSeen: Key

    /// The place behind the element with this key.
    public init(after key: Key) {
        lastSeen = key
    }
}

extension PageCursor: Validated {
    /// Reads what ``raw`` writes; nil for anything else.
    public init?(_ raw: String) {
        guard let key = Key(raw) else { return nil }
        lastSeen = key
    }

    /// The text that clients hand back.
    public var raw: String { lastSeen.raw }

    /// Where it comes from.
    public static var expectation: String { "must be the `next` of the page before, unchanged" }

    /// The place behind some element.
    public static var example: PageCursor { PageCursor(after: .example) }

    /// Those of the key.
    public static var constraints: Constraints { Key.constraints }
}

extension PageCursor: CustomStringConvertible {
    /// The text that clients hand back.
    public var description: String { raw }
}
