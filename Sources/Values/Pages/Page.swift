/// How many elements a page may have: 1 to 100.
public typealias PageLimit = WholeNumber<1, 100>

extension PageLimit {
    /// How many elements a page has when nobody says: 20.
    public static var usual: Int { 20 }
}

/// Which part of a list is wanted. A list with filters has its own such struct, with the fields `limit` and `cursor` in it.
public struct PageQuery<Key: Validated & Hashable>: Codable, Hashable, Sendable where Key.Raw == String {
    /// At most so many elements; nil for the usual number.
    public let limit: PageLimit?

    /// Where the page before ended; nil for the first page.
    public let cursor: PageCursor<Key>?

    /// A page of this size behind this place.
    public init(limit: PageLimit? = nil, cursor: PageCursor<Key>? = nil) {
        self.limit = limit
        self.cursor = cursor
    }

    /// At most so many elements.
    public var size: Int { limit?.value ?? PageLimit.usual }
}

/// A part of a list.
public struct Page<Element, Key: Validated & Hashable> where Key.Raw == String {
    /// The elements, in the list's order.
    public let elements: [Element]

    /// Where the next page begins; nil when this is the last one.
    public let next: PageCursor<Key>?

    /// A page of these elements.
    public init(elements: [Element], next: PageCursor<Key>?) {
        self.elements = elements
        self.next = next
    }

    /// A page made of one element more than it may have, if there are so many: then there is a next page.
    /// - Parameters:
    ///   - found: At most `size` + 1 elements, as a store finds them with a limit of one more.
    ///   - size: How many the page may have.
    ///   - key: What an element is sorted by.
    public init(found: [Element], size: Int, by key: (Element) -> Key) {
        elements = Array(found.prefix(size))
        next = found.count > size ? elements.last.map { PageCursor(after: key($0)) } : nil
    }
}

extension Page: Sendable where Element: Sendable {}
extension Page: Equatable where Element: Equatable {}
extension Page: Hashable where Element: Hashable {}
