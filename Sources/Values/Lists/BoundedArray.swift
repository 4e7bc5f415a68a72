/// An array with a fewest and a most number of elements, both allowed: `BoundedArray<Item, 1, 50>`.
public struct BoundedArray<Element: Codable & Sendable, let least: Int, let most: Int>: Sendable {
    /// The elements.
    public let elements: [Element]

    /// Nil unless the number of elements is within the bounds.
    public init?(_ elements: [Element]) {
        guard elements.count >= least, elements.count <= most else { return nil }
        self.elements = elements
    }

    private init(standIn elements: [Element]) {
        self.elements = elements
    }
}

extension BoundedArray: Validated {
    /// The elements.
    public var raw: [Element] { elements }

    /// Both bounds.
    public static var expectation: String { "must be an array of \(least) to \(most) elements" }

    /// An empty array, whatever the bounds say: of what the elements are nothing is known here.
    public static var example: BoundedArray { BoundedArray(standIn: []) }

    /// Both bounds.
    public static var constraints: Constraints { Constraints(minItems: least, maxItems: most) }
}

extension BoundedArray: RandomAccessCollection {
    /// Zero.
    public var startIndex: Int { 0 }
    /// The number of elements.
    public var endIndex: Int { elements.count }
    /// The element at this index.
    public subscript(index: Int) -> Element { elements[index] }
}

extension BoundedArray: Equatable where Element: Equatable {}

extension BoundedArray: Hashable where Element: Hashable {}
